import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { withExamples } from '../examples.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { wholeNumber } from '../whole-number.ts';

interface EntryView {
  readonly at: string;
  readonly kind: string;
  readonly by: string;
  readonly action: string;
  readonly target: Readonly<Record<string, string>>;
  readonly outcome: string;
  /** None of what the control plane does by itself. */
  readonly status?: number;
}

/** A command for who has done what over the API. */
export function addAuditCommand(program: Command): void {
  withExamples(
    program
      .command('audit')
      .option('--limit <n>', 'so many entries at most, the newest', wholeNumber, 50)
      .description('who has done what over the API, or tried')
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<{ readonly limit: number }>(command);
        const path = `/audit?limit=${options.limit}`;
        const data = await new ApiClient(options).get<{ entries: readonly EntryView[] }>(path);
        await print(data, options.output, ({ entries }) =>
          entries.length === 0
            ? 'nothing was changed over the API yet'
            : {
                head: ['WHEN', 'WHO', 'WHAT', 'OUTCOME'],
                // As a log: the newest is what one sees last.
                rows: entries
                  .toReversed()
                  .map(({ at, kind, by, action, target, outcome, status }) => [
                    at,
                    kind === by ? by : `${kind} ${by}`,
                    [action, ...Object.values(target)].join(' '),
                    status === undefined ? outcome : `${outcome} (${status})`,
                  ]),
              },
        );
      }),
    ['meshkeeper audit', 'meshkeeper audit --limit 500 -o json'],
  );
}
