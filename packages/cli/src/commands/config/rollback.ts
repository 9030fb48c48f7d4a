import type { Command } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { optionsOf } from '../../global-options.ts';
import { wholeNumber } from '../../whole-number.ts';
import type { ChangeView, PublishedView } from './answers.ts';
import { ConfigApi, pathOf } from './api.ts';
import { changesText, countText } from './change-text.ts';
import { said } from './message.ts';
import { tellPublished } from './publish.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

interface Flags {
  readonly message?: string;
  readonly yes?: boolean;
}

export function addRollbackCommand(config: Command): void {
  const rollback = config
    .command('rollback')
    .argument('<application>', TARGET, target)
    .argument('<release>', 'as "meshkeeper config history" shows it', wholeNumber)
    .description('publish what an older release holds, after showing it and asking')
    .option('-m, --message <text>', 'why, for those who come after')
    .option(...YES);
  withExamples(
    rollback,
    [
      'meshkeeper config history shop/prod',
      'meshkeeper config rollback shop/prod 41 -m "orders fail"',
    ],
    ['That is a release, too: nothing of the history is lost.'],
  ).action(async (of: Target, to: number, _: unknown, own: Command) => {
    const options = optionsOf<Flags>(own);
    const { yes, message } = options;
    const api = new ConfigApi(options);
    mustBeAsked(yes);
    if (!yes) {
      const query = { from: 'head', to: String(to) };
      const { data } = await api.get<{ changes: readonly ChangeView[] }>(
        `${pathOf(of)}/diff`,
        query,
      );
      process.stderr.write(`${changesText(data.changes, process.stderr)}\n`);
      await confirm(
        `Make ${nameOf(of)} what it was at release ${to} (${countText(data.changes)})?`,
        [],
      );
    }
    const body = { to, ...said(message) };
    const { data } = await api.send<PublishedView>('POST', `${pathOf(of)}/rollback`, body);
    await tellPublished(of, data, options);
  });
}
