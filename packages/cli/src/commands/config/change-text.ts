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
  const title = paint(COLORS[change], `${SIGNS[change]} ${clean(key)}`);
  const lines = [type === '' ? title : `${title} ${type}`];
  if (before?.type === 'secret' || after?.type === 'secret')
    return [...lines, `    the secret is ${change === 'changed' ? 'another' : change}`];
  for (const line of bodyOf(before, after)) {
    const text = `    ${clean(line)}`;
    if (line.startsWith('+')) lines.push(paint('green', text));
    else lines.push(line.startsWith('-') ? paint('red', text) : text);
  }
  if (before !== undefined && after !== undefined && before.comment !== after.comment)
    lines.push(`    # ${clean(after.comment ?? 'no comment any more')}`);
  return lines;
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
