import { styleText } from 'node:util';

/** A line of a comparison. */
interface Edit {
  readonly type: ' ' | '-' | '+';
  readonly line: string;
}

/** Lines around a change that are shown. */
const CONTEXT = 3;
/** Texts that differ in more lines than these are shown as one that replaces the other. */
const MAX_DIFFERENCES = 2_000;

/**
 * How two texts differ, in the unified format that `diff -u` writes; empty when they don't. With the
 * names of what each is.
 */
export function unifiedDiff(
  [beforeName, before]: readonly [name: string, text: string],
  [afterName, after]: readonly [name: string, text: string],
): string {
  const edits = editsOf(linesOf(before), linesOf(after));
  const hunks = hunksOf(edits);
  if (hunks.length === 0) return '';
  return [`--- ${beforeName}`, `+++ ${afterName}`, ...hunks].join('\n');
}

/** A unified diff in the colours that people know, where standard output shows them. */
export function colored(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      if (line.startsWith('---') || line.startsWith('+++')) return styleText('bold', line);
      if (line.startsWith('@@')) return styleText('cyan', line);
      if (line.startsWith('-')) return styleText('red', line);
      return line.startsWith('+') ? styleText('green', line) : line;
    })
    .join('\n');
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Myers' algorithm, on what is between the lines that both begin and end with. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const same = (line: string): Edit => ({ type: ' ', line });
  const old = before.slice(head, before.length - tail);
  const now = after.slice(head, after.length - tail);
  return [
    ...before.slice(0, head).map(same),
    ...shortest(old, now),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** The fewest edits from one to the other. */
function shortest(before: readonly string[], after: readonly string[]): Edit[] {
  /** By the diagonal (places in `before` less those in `after`): how far in `before` one gets. */
  let reach = new Map([[1, 0]]);
  const trace: (typeof reach)[] = [];
  const most = Math.min(before.length + after.length, MAX_DIFFERENCES);
  for (let count = 0; count <= most; count++) {
    const next = new Map<number, number>();
    trace.push(reach);
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      let x = isAdded(reach, diagonal, count)
        ? (reach.get(diagonal + 1) ?? 0)
        : (reach.get(diagonal - 1) ?? 0) + 1;
      while (x < before.length && before[x] === after[x - diagonal] && x - diagonal < after.length)
        x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return back(trace, before, after);
    }
    reach = next;
  }
  return [
    ...before.map((line): Edit => ({ type: '-', line })),
    ...after.map((line): Edit => ({ type: '+', line })),
  ];
}

/** Whether the way to a diagonal comes from the one above: by a line that was added. */
function isAdded(reach: ReadonlyMap<number, number>, diagonal: number, count: number): boolean {
  if (diagonal === -count) return true;
  return diagonal !== count && (reach.get(diagonal - 1) ?? 0) < (reach.get(diagonal + 1) ?? 0);
}

/** The edits of the way that was found. */
function back(
  trace: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let count = trace.length - 1; count >= 0; count--) {
    const reach = trace[count]!;
    const added = isAdded(reach, x - y, count);
    const from = added ? x - y + 1 : x - y - 1;
    const startX = count === 0 ? 0 : (reach.get(from) ?? 0);
    const startY = count === 0 ? 0 : startX - from;
    while (x > startX && y > startY) {
      x--;
      y--;
      edits.push({ type: ' ', line: before[x]! });
    }
    if (count === 0) break;
    edits.push(added ? { type: '+', line: after[--y]! } : { type: '-', line: before[--x]! });
  }
  return edits.reverse();
}

function hunksOf(edits: readonly Edit[]): string[] {
  const shown = new Set<number>();
  edits.forEach(({ type }, i) => {
    if (type === ' ') return;
    for (let near = i - CONTEXT; near <= i + CONTEXT; near++) shown.add(near);
  });
  const lines: string[] = [];
  let [old, now] = [1, 1];
  let hunk: { old: number; now: number; edits: Edit[] } | undefined;
  const end = () => {
    if (hunk === undefined) return;
    const { edits: own } = hunk;
    const count = (type: Edit['type']) => own.filter((edit) => edit.type !== type).length;
    lines.push(`@@ -${range(hunk.old, count('+'))} +${range(hunk.now, count('-'))} @@`);
    for (const { type, line } of own) lines.push(`${type}${line}`);
    hunk = undefined;
  };
  edits.forEach((edit, i) => {
    if (shown.has(i)) {
      hunk ??= { old, now, edits: [] };
      hunk.edits.push(edit);
    } else end();
    if (edit.type !== '+') old++;
    if (edit.type !== '-') now++;
  });
  end();
  return lines;
}

/** As `diff` writes it: of no lines it is the line before. */
function range(start: number, count: number): string {
  return count === 1 ? String(start) : `${count === 0 ? start - 1 : start},${count}`;
}
