import type { Command } from 'commander';
import { optionsOf } from '../global-options.ts';
import { clean, type Table } from '../output/table.ts';
import { show, WATCH, type WatchFlags } from '../show.ts';

interface DestinationView {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly revision?: number;
  readonly since?: string;
  readonly message?: string;
  readonly problems: readonly { readonly what: string; readonly message: string }[];
}

interface DestinationsView {
  readonly revision?: number;
  readonly destinations: readonly DestinationView[];
}

export function addDestinationsCommand(program: Command): void {
  program
    .command('destinations')
    .option(...WATCH)
    .description('where what is served is brought: xDS, DNS, mirrors, other platforms')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper destinations\n  meshkeeper destinations --watch',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<WatchFlags>(command);
      const data = await show<DestinationsView>('/destinations', options, {
        table: destinationsTable,
        rows: ({ destinations }) => new Map(destinations.map((each) => [each.name, lineOf(each)])),
      });
      // For people; a script finds them in the data.
      for (const { name, problems } of data?.destinations ?? [])
        for (const { what, message } of problems)
          process.stderr.write(`${clean(`${name}: ${what}: ${message}`)}\n`);
    });
}

function destinationsTable({ destinations, revision }: DestinationsView): Table {
  return {
    head: ['NAME', 'KIND', 'STATE', 'REVISION', 'PROBLEMS', 'WHY'],
    rows: destinations.map((each) => [
      each.name,
      each.kind,
      each.state,
      each.revision === undefined ? '-' : `${each.revision}/${revision ?? '-'}`,
      String(each.problems.length),
      each.message === undefined ? '' : `${each.message} (since ${each.since})`,
    ]),
    least: ['WHY', 'KIND'],
  };
}

function lineOf({ state, revision, problems, message }: DestinationView): string {
  const words = [state, revision === undefined ? '' : `revision ${revision}`];
  if (problems.length > 0) words.push(`${problems.length} problems`);
  return [...words, message ?? ''].filter(Boolean).join(' ');
}
