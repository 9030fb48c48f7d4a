import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import type { ScheduledView } from './answers.ts';
import { ConfigApi, pathOf } from './api.ts';
import { nameOf, TARGET, type Target, target } from './target.ts';

export function addScheduleCommand(config: Command): void {
  const schedule = config
    .command('schedule')
    .argument('<application>', TARGET, target)
    .description('the releases to come, as "publish --at" has asked for them')
    .option('--cancel <id>', 'call one off');
  withExamples(schedule, ['meshkeeper config schedule shop/prod']).action(
    async (of: Target, _: unknown, own: Command) => {
      const options = optionsOf<{ readonly cancel?: string }>(own);
      const api = new ConfigApi(options);
      const path = `${pathOf(of)}/scheduled`;
      if (options.cancel !== undefined) {
        await api.send('DELETE', `${path}/${encodeURIComponent(options.cancel)}`);
        process.stderr.write(`${options.cancel} of ${nameOf(of)} is called off\n`);
        return;
      }
      const { data } = await api.get<{ items: readonly ScheduledView[] }>(path);
      await print(data, options.output, ({ items }) =>
        items.length === 0
          ? 'no releases to come'
          : {
              head: ['ID', 'AT', 'BY', 'WHY', 'FAILED'],
              rows: items.map(({ id, at, by, message, failed }) => [
                ...[id, at, by, message ?? '-', failed ?? '-'],
              ]),
            },
      );
    },
  );
}
