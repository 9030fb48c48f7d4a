import { stripVTControlCharacters, styleText } from 'node:util';
import truncated from 'fast-string-truncated-width';

/** Rows of text under headings. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /**
   * Headings of the columns that matter least, the least first: where a terminal is too narrow, they
   * are shortened first. Of the others, it is the last ones first.
   */
  readonly least?: readonly string[];
}

/** Columns between two columns. */
const GAP = 2;
/** Columns that one is shortened to before the next one has its turn, and at last. */
const NARROW = [12, 5] as const;

/**
 * Columns as wide as their widest cell, two spaces apart. What a registry says can't move the cursor.
 * @param room columns of the terminal, into which the rows are made to fit; Infinity shortens nothing
 */
export function formatTable(table: Table, room = terminalWidth()): string {
  const lines = [table.head, ...table.rows].map((row) => row.map(clean));
  const widths = table.head.map((_, i) => Math.max(...lines.map((row) => widthOf(row[i] ?? ''))));
  narrow(widths, table, room);
  const [headings, ...body] = lines.map((line) =>
    line
      .map((cell, i) => padded(shortened(cell, widths[i] ?? 0), widths[i] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
  return [styleText('bold', headings ?? ''), ...body].join('\n');
}

/** Text without terminal escapes and control characters: what others wrote can't move the cursor. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it removes
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** Columns that text takes on a terminal: a Chinese character takes two. */
export function widthOf(text: string): number {
  return truncated(text).width;
}

/** Text in so many columns at most; what had to be left out is an ellipsis. */
export function shortened(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return `${text.slice(0, truncated(text, { limit: columns - 1 }).index)}…`;
}

function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Takes from the columns, in their order, what is too much. */
function narrow(widths: number[], { head, least = [] }: Table, room: number): void {
  const last = head.map((_, i) => i).filter((i) => !least.includes(head[i]!));
  const order = [...least.map((name) => head.indexOf(name)), ...last.reverse()];
  const total = () => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  for (const narrowest of NARROW)
    for (const i of order) {
      const much = total() - room;
      const width = widths[i];
      if (much <= 0 || width === undefined) continue;
      widths[i] = Math.max(Math.min(width, narrowest), width - much);
    }
}

/** Infinity where nobody looks at a terminal: there all of it counts. */
function terminalWidth(): number {
  return (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY;
}
