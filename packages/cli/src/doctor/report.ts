import { styleText } from 'node:util';
import { clean } from '../output/table.ts';
import { GROUPS } from './check.ts';
import type { Outcome } from './run.ts';

const MARKS = {
  ok: styleText('green', '✓'),
  warning: styleText('yellow', '!'),
  error: styleText('red', '✗'),
  skipped: styleText('dim', '-'),
} as const;

/** For people: by group, what is wrong with what was seen and what to do. */
export function reportText(outcomes: readonly Outcome[]): string {
  const parts = GROUPS.map((group) => {
    const own = outcomes.filter((outcome) => outcome.group === group);
    return [styleText('bold', group), ...own.flatMap(linesOf)].join('\n');
  });
  const count = (wanted: Outcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === wanted).length;
  const sum = `${many(count('error'), 'error')}, ${many(count('warning'), 'warning')}, ${count('ok')} ok, ${count('skipped')} not looked at`;
  return [...parts, sum].join('\n\n');
}

function linesOf({ id, outcome, text, findings }: Outcome): string[] {
  const mark = MARKS[outcome];
  if (outcome === 'ok') return [`  ${mark} ${clean(text)}`];
  if (outcome === 'skipped') return [`  ${mark} ${styleText('dim', clean(`${id}: ${text}`))}`];
  return findings.flatMap(({ severity, seen, todo }) => [
    `  ${MARKS[severity]} ${id}: ${clean(seen)}`,
    `      ${clean(todo)}`,
  ]);
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
