import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { optionsOf } from '../../global-options.ts';
import { formatOf, print } from '../../output/format.ts';
import { ConfigApi } from './api.ts';

interface RotatedView {
  readonly rotated: number;
  readonly current: number;
}

export function addSecretsCommand(config: Command): void {
  const secrets = config.command('secrets').description('the keys that secrets are encrypted with');
  const rotate = secrets
    .command('rotate')
    .description(
      'encrypt all secrets anew with the current key; may be interrupted and done again',
    );
  withExamples(rotate, ['meshkeeper config secrets rotate']).action(
    async (_: unknown, own: Command) => {
      const options = optionsOf(own);
      const api = new ConfigApi(options);
      const { data } = await api.send<RotatedView>('POST', '/rotate', undefined, {
        base: '/secrets',
      });
      if (formatOf(options.output) !== 'table') await print(data, options.output, () => '');
      else
        process.stderr.write(
          `${data.rotated} encrypted anew, ${data.current} had the current key already\n`,
        );
    },
  );
}
