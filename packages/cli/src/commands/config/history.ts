import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import type { Table } from '../../output/table.ts';
import { wholeNumber } from '../../whole-number.ts';
import type { ContentView, ReleaseView } from './answers.ts';
import { ConfigApi, pathOf, Refused } from './api.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

/** Releases that are asked for at once. */
const PAGE = 100;

interface Page {
  readonly items: readonly ReleaseView[];
  readonly next?: number;
}

export function addHistoryCommand(config: Command): void {
  const history = config
    .command('history')
    .argument('<application>', TARGET, target)
    .description('the releases of a profile: who has published what, when and why')
    .option('--limit <n>', 'so many at most, the newest', wholeNumber, 20);
  withExamples(history, [
    'meshkeeper config history shop/prod',
    'meshkeeper config history shop --limit 100 -o json',
  ]).action(async (of: Target, _: unknown, own: Command) => {
    const { limit, ...options } = optionsOf<{ readonly limit: number }>(own);
    const api = new ConfigApi(options);
    const items = await newest(api, of, limit);
    if (items.length === 0)
      throw new CliError(`nothing of ${nameOf(of)} is published yet`, ExitCode.NOT_FOUND);
    const isShown = formatOf(options.output) === 'table';
    const head = isShown ? await headOf(api, of) : undefined;
    await print({ items }, options.output, () => table(items, head));
  });
}

async function newest(api: ConfigApi, of: Target, limit: number): Promise<ReleaseView[]> {
  const items: ReleaseView[] = [];
  for (let before: number | undefined; items.length < limit; ) {
    const { data } = await api.get<Page>(`${pathOf(of)}/releases`, {
      limit: String(Math.min(PAGE, limit - items.length)),
      before: before === undefined ? undefined : String(before),
    });
    items.push(...data.items);
    before = data.next;
    if (before === undefined) break;
  }
  return items;
}

/** What all get; of some that get another, the newest release may be. Undefined: nothing is for all. */
async function headOf(api: ConfigApi, of: Target): Promise<number | undefined> {
  try {
    const { data } = await api.get<ContentView>(pathOf(of), { limit: '1' });
    return data.release.number;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
}

/** As a log: the newest is what one sees last. */
function table(items: readonly ReleaseView[], head: number | undefined): Table {
  return {
    head: ['RELEASE', 'WHEN', 'BY', 'WHAT', 'KEYS', 'WHY'],
    rows: items
      .toReversed()
      .map(({ number, at, by, kind, of, gray, keys, changes, message }) => [
        ...[number === head ? `${number} (now)` : String(number), at, by],
        `${kindText(kind, of, gray)}+${changes.added} ~${changes.changed} -${changes.removed}`,
        ...[String(keys), message ?? '-'],
      ]),
    least: ['KEYS'],
  };
}

function kindText(kind: string, of: number | undefined, gray: string | undefined): string {
  if (kind === 'rollback') return `back to ${of}: `;
  if (kind === 'promote') return `${gray ?? of} for all: `;
  if (kind === 'gray') return `${gray} for some: `;
  return kind === 'scheduled' ? 'as scheduled: ' : '';
}
