import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { follow } from '../follow.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { formatTable, type Table } from '../output/table.ts';

/** Somebody in a queue, as the API shows it. */
interface Member {
  readonly holder: string;
  readonly since: string;
  readonly fencing: string;
  readonly session?: string;
  readonly ttl?: number;
}

/** A lock or an election, as the API shows it. */
interface Queue {
  readonly name: string;
  readonly holders: readonly Member[];
  readonly waiters: readonly Member[];
}

type Answer = Readonly<Record<'locks' | 'elections', readonly Queue[]>>;

/** Commands that show who holds what. */
export function addLocksCommands(program: Command): void {
  for (const what of ['locks', 'elections'] as const)
    program
      .command(what)
      .description(
        what === 'locks' ? 'who holds which lock, and who waits' : 'who leads what, and who stands',
      )
      .option('--watch', 'follow it')
      .addHelpText('after', `\nExamples:\n  meshkeeper ${what}\n  meshkeeper ${what} --watch`)
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<{ readonly watch?: boolean }>(command);
        const api = new ApiClient(options);
        if (!options.watch) {
          await print(await api.get<Answer>(`/${what}`), options.output, (answer) =>
            tableOf(answer[what]),
          );
          return;
        }
        await follow<Answer>((signal) => api.states<Answer>(`/${what}`, signal), {
          output: options.output,
          text: (answer) => formatTable(tableOf(answer[what])),
          lines: (before, after) => changes(before?.[what] ?? [], after[what]),
        });
      });
}

function tableOf(queues: readonly Queue[]): Table {
  return {
    head: ['NAME', 'HOLDER', 'SINCE', 'TOKEN', 'LIVES BY', 'WAITING'],
    rows: queues.map(({ name, holders, waiters }) => {
      const [first] = holders;
      const more = holders.length > 1 ? ` and ${holders.length - 1} more` : '';
      return [
        name,
        first === undefined ? '' : `${first.holder}${more}`,
        first?.since ?? '',
        first?.fencing ?? '',
        first?.session ?? (first?.ttl === undefined ? '' : `keep-alive ${first.ttl} ms`),
        String(waiters.length),
      ];
    }),
  };
}

/** A line for each that somebody else holds now. */
function changes(before: readonly Queue[], after: readonly Queue[]): string[] {
  const held = (queues: readonly Queue[]) =>
    new Map(
      queues.map(({ name, holders }) => [name, holders.map(({ holder }) => holder).join(', ')]),
    );
  const [was, is] = [held(before), held(after)];
  return [
    ...Array.from(is)
      .filter(([name, holder]) => was.get(name) !== holder)
      .map(([name, holder]) => `${name}: ${holder === '' ? 'free' : holder}`),
    ...Array.from(was.keys())
      .filter((name) => !is.has(name))
      .map((name) => `${name}: free`),
  ];
}
