import type { Command } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { CliError } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import type { DraftView } from './answers.ts';
import { ConfigApi, pathOf, Refused } from './api.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

export function addDraftCommands(config: Command): void {
  const rebase = config
    .command('rebase')
    .argument('<application>', TARGET, target)
    .description("make the draft's changes to what was published meanwhile");
  withExamples(rebase, ['meshkeeper config rebase shop/prod']).action(
    async (of: Target, _: unknown, own: Command) => {
      const api = new ConfigApi(optionsOf(own));
      try {
        const path = `${pathOf(of)}/draft/rebase`;
        const { data } = await api.send<{ base: number }>('POST', path, undefined, {
          ifMatch: '*',
        });
        process.stderr.write(`the draft of ${nameOf(of)} is based on release ${data.base}\n`);
      } catch (error) {
        if (!(error instanceof Refused) || error.keys.length === 0) throw error;
        const keys = error.keys.join(', ');
        throw new CliError(
          `${error.message}: set ${keys} to what it is to be, or discard the draft`,
        );
      }
    },
  );

  const discard = config
    .command('discard')
    .argument('<application>', TARGET, target)
    .description('throw the draft away, after asking')
    .option(...YES);
  withExamples(discard, ['meshkeeper config discard shop/prod']).action(
    async (of: Target, _: unknown, own: Command) => {
      const options = optionsOf<{ readonly yes?: boolean }>(own);
      const api = new ConfigApi(options);
      mustBeAsked(options.yes);
      const path = `${pathOf(of)}/draft`;
      const { data, etag } = await api.get<DraftView>(path);
      if (data.by === undefined) throw new CliError(`there is no draft of ${nameOf(of)}`);
      if (!options.yes)
        await confirm(
          `Throw the draft of ${nameOf(of)} away?`,
          data.changes.map(({ key, change }) => `${key} (${change})`),
        );
      await api.send('DELETE', path, undefined, { ifMatch: etag });
      process.stderr.write(`the draft of ${nameOf(of)} is gone\n`);
    },
  );
}
