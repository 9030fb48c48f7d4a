import { styleText } from 'node:util';
import { clean } from '../../output/table.ts';
import { unifiedDiff } from '../../policies/unified-diff.ts';
import type { ChangeView, EntryView } from './answers.ts';

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;
const COLORS = { added: 'green', changed: 'yellow', removed: 'red' } as const;

/** What changes, a key each, with the lines that do. Of secrets only that they do. */
export function changesText(
  changes: readonly ChangeView[],
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return changes.flatMap((change) => linesOf(change, stream)).join('\n');
}

/** `1 added, 2 changed`. */
export function countText(changes: readonly ChangeView[]): string {
  const parts = (['added', 'changed', 'removed'] as const).flatMap((kind) => {
    const count = changes.filter(({ change }) => change === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  return parts.length === 0 ? 'nothing changes' : parts.join(', ');
}

function linesOf({ key, change, before, after }: ChangeView, stream: NodeJS.WriteStream): string[] {
  const paint = (color: 'green' | 'red' | 'yellow', text: string) =>
    styleText(color, text, { stream });
  const type = typeText(before, after);
  const title = `${SIGNS[change]} ${clean(key)}${type === '' ? '' : ` ${type}`}`;
  const color = COLORS[change];
  const comment =
    before !== undefined && after !== undefined && before.comment !== after.comment
      ? [`    # ${clean(after.comment ?? 'no comment any more')}`]
      : [];
  if (before?.type === 'secret' || after?.type === 'secret') {
    const what = change === 'changed' ? 'the secret is another' : `a secret, ${change}`;
    return [paint(color, `${title}: ${what}`), ...comment];
  }
  const short = shortText(before?.value, after?.value);
  if (short !== undefined) return [paint(color, `${title}${short}`), ...comment];
  const lines = bodyOf(before, after).map((line) => {
    const text = `    ${clean(line)}`;
    if (line.startsWith('+')) return paint('green', text);
    return line.startsWith('-') ? paint('red', text) : text;
  });
  return [paint(color, title), ...lines, ...comment];
}

/** Values that fit in one line; undefined when they don't. */
function shortText(before: string | undefined, after: string | undefined): string | undefined {
  if (before === after) return '';
  if ([before, after].some((value) => value !== undefined && !/^[^\n]{0,60}$/.test(value)))
    return undefined;
  const values = [before, after].filter((value) => value !== undefined);
  return `: ${values.map((value) => clean(value === '' ? '""' : value)).join(' -> ')}`;
}

function typeText(before: EntryView | undefined, after: EntryView | undefined): string {
  const [old, now] = [before?.type, after?.type];
  if (old !== undefined && now !== undefined && old !== now) return `(${old} -> ${now})`;
  const type = now ?? old;
  return type === undefined || type === 'text' ? '' : `(${type})`;
}

function bodyOf(before: EntryView | undefined, after: EntryView | undefined): string[] {
  const [old, now] = [before?.value, after?.value];
  if (old === now) return [];
  const isLong = [old, now].some((value) => value?.includes('\n'));
  if (!isLong || old === undefined || now === undefined)
    return [
      ...(old === undefined ? [] : old.split('\n').map((line) => `- ${line}`)),
      ...(now === undefined ? [] : now.split('\n').map((line) => `+ ${line}`)),
    ];
  return unifiedDiff(['', old], ['', now]).split('\n').slice(2);
}
