import type { Command } from 'commander';
import { confirm, mustBeAsked, YES } from '../../confirm.ts';
import { withExamples } from '../../examples.ts';
import { optionsOf } from '../../global-options.ts';
import { ConfigApi, pathOf } from './api.ts';
import { TARGET, type Target, target } from './target.ts';

export function addDeleteCommand(config: Command): void {
  const command = config
    .command('delete')
    .argument('<application>', TARGET, target)
    .description('delete a profile with all of its releases, after asking: that is not taken back')
    .option(...YES);
  withExamples(command, ['meshkeeper config delete shop/staging']).action(
    async (of: Target, _: unknown, own: Command) => {
      const options = optionsOf<{ readonly yes?: boolean }>(own);
      const api = new ConfigApi(options);
      mustBeAsked(options.yes);
      const { etag } = await api.get(`${pathOf(of)}/draft`);
      const name = `${of.application}/${of.namespace}`;
      if (!options.yes) await confirm(`Delete ${name}, with its history?`, []);
      await api.send('DELETE', pathOf(of), undefined, { ifMatch: etag });
      process.stderr.write(`${name} is gone\n`);
    },
  );
}
