import { ApiClient } from '../api-client.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print } from '../output/format.ts';
import type { Table } from '../output/table.ts';
import { idOf, type RecordView } from './answers.ts';
import { diffOf } from './change.ts';
import { refsOf } from './policy-names.ts';
import { colored } from './unified-diff.ts';

/** Policies of one record that are named in its line, at most. */
const NAMED = 4;

/**
 * Shows who has applied what: all, what concerns one policy (`KIND/NAME`), or one revision with how
 * each policy differs.
 */
export async function showPolicyHistory(
  which: string | undefined,
  { limit, ...options }: GlobalOptions & { readonly limit: number },
): Promise<void> {
  const api = new ApiClient(options);
  if (which !== undefined && /^\d+$/.test(which)) {
    const record = await api.get<RecordView>(`/policies/history/${which}`);
    await print(record, options.output, recordText);
    return;
  }
  const [ref] = which === undefined ? [] : refsOf([which], undefined);
  const query = new URLSearchParams({ limit: String(ref === undefined ? limit : 1_000) });
  const data = await api.get<{ records: readonly RecordView[] }>(`/policies/history?${query}`);
  const id = ref && idOf(ref);
  const records = data.records
    .filter(({ changes }) => id === undefined || changes.some((each) => idOf(each) === id))
    .slice(0, limit);
  await print({ ...data, records }, options.output, () => historyTable(records, id));
}

/** As a log: the newest is what one sees last. */
function historyTable(records: readonly RecordView[], first: string | undefined): Table | string {
  if (records.length === 0) return 'nothing is recorded';
  const rows = records.toReversed().map((record) => {
    const { revision, at, rollbackTo, reason } = record;
    const back = rollbackTo === undefined ? undefined : `back to ${rollbackTo}`;
    const why = [back, reason].filter((text) => text !== undefined).join(': ');
    return [String(revision), at, whoOf(record) ?? '-', changesText(record, first), why || '-'];
  });
  return { head: ['REVISION', 'WHEN', 'BY', 'WHAT', 'WHY'], rows };
}

/** @param first the policy that is named first */
function changesText({ changes }: RecordView, first: string | undefined): string {
  const sorted = changes.toSorted((a, b) => Number(idOf(b) === first) - Number(idOf(a) === first));
  const texts = sorted.slice(0, NAMED).map((each) => `${SIGNS[each.change]} ${idOf(each)}`);
  const more = changes.length > NAMED ? ` and ${changes.length - NAMED} more` : '';
  return `${texts.join(', ')}${more}`;
}

/** Who has called, and in brackets who they said they were. */
function whoOf({ by, label }: RecordView): string | undefined {
  return by === undefined || label === undefined ? by : `${by} (${label})`;
}

const SIGNS = { created: '+', changed: '~', deleted: '-' } as const;

function recordText(record: RecordView): string {
  const { revision, at, reason, rollbackTo, changes } = record;
  const by = whoOf(record);
  const who = by === undefined ? '' : ` by ${by}`;
  const back = rollbackTo === undefined ? '' : `, back to revision ${rollbackTo}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  const names = [`revision ${revision - 1}`, `revision ${revision}`] as const;
  const diffs = changes.map((change) => colored(diffOf(change, names)));
  return [`revision ${revision}, ${at}${who}${back}${why}`, ...diffs].join('\n\n');
}
