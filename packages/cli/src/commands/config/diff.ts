import { type Command, InvalidArgumentError } from 'commander';
import { withExamples } from '../../examples.ts';
import { ExitCode } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import type { ChangeView, DraftView } from './answers.ts';
import { ConfigApi, pathOf, Refused } from './api.ts';
import { changesText } from './change-text.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

const WHICH = 'a release, as "meshkeeper config history" shows it; head or draft';

export function addDiffCommand(config: Command): void {
  const diff = config
    .command('diff')
    .argument('<application>', TARGET, target)
    .argument('[from]', `${WHICH} (default: head, what is published)`, which)
    .argument('[to]', `${WHICH} (default: the draft, or head after a release)`, which)
    .description('what a publish would change; or how two releases differ')
    .option('--exit-code', 'exit with 1 when something differs');
  withExamples(
    diff,
    [
      'meshkeeper config diff shop/prod          # what a publish would change',
      'meshkeeper config diff shop/prod 41       # since that release',
      'meshkeeper config diff shop/prod 41 42',
    ],
    ['Of secrets only that they differ is shown.'],
  ).action(
    async (
      of: Target,
      from: string | undefined,
      to: string | undefined,
      _: unknown,
      own: Command,
    ) => {
      const options = optionsOf<{ readonly exitCode?: boolean }>(own);
      const query = { from: from ?? 'head', to: to ?? (from === undefined ? 'draft' : 'head') };
      const data = await between(new ConfigApi(options), of, query);
      await print(data, options.output, ({ changes }) =>
        changes.length === 0
          ? `nothing of ${nameOf(of)} differs between ${query.from} and ${query.to}`
          : changesText(changes),
      );
      if (options.exitCode && data.changes.length > 0) process.exitCode = ExitCode.FAILED;
    },
  );
}

/** Where nothing is published yet, all of a draft is new. */
async function between(
  api: ConfigApi,
  of: Target,
  query: { readonly from: string; readonly to: string },
): Promise<{ readonly changes: readonly ChangeView[] }> {
  try {
    return (await api.get<{ changes: readonly ChangeView[] }>(`${pathOf(of)}/diff`, query)).data;
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    if (query.from !== 'head' || query.to !== 'draft') throw error;
    const { data } = await api.get<DraftView>(`${pathOf(of)}/draft`);
    if (data.by === undefined) throw error;
    return { changes: data.changes };
  }
}

function which(text: string): string {
  if (/^(head|draft|[1-9]\d{0,9})$/.test(text)) return text;
  throw new InvalidArgumentError(`Write ${WHICH}.`);
}
