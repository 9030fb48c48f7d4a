import { posix } from 'node:path';
import type { Command } from 'commander';
import { quoted } from '../../../words.ts';

/** What completion has to know. */
export interface Around {
  readonly program: Command;
  /** The znode to be at. */
  readonly at: string;
  /** Names of a znode's children; none where there is no such znode. */
  children(path: string): Promise<readonly string[]>;
}

/** What may stand in place of the last word of a line, as readline wants it: the whole word each. */
export async function complete(line: string, around: Around): Promise<[string[], string]> {
  const word = /(?:'[^']*'?|[^\s'])*$/.exec(line)?.[0] ?? '';
  const before = line.slice(0, line.length - word.length).trim();
  const { program } = around;
  const names = program.commands.map((command) => command.name());
  if (before === '' || before === 'help') return [fitting([...names, 'help'], word, ' '), word];
  const verb = program.commands.find((command) => command.name() === before.split(/\s+/)[0]);
  if (word.startsWith('-')) {
    const flags = (verb?.options ?? []).flatMap(({ long, short }) => long ?? short ?? []);
    return [fitting([...flags, '--help'], word, ' '), word];
  }
  if (verb === undefined || verb.registeredArguments.length === 0) return [[], word];
  const path = word.replaceAll("'", '');
  const slash = path.lastIndexOf('/');
  const written = path.slice(0, slash + 1);
  const children = await around.children(posix.resolve(around.at, written || '.'));
  return [
    children
      .map((child) => written + child)
      .filter((each) => each.startsWith(path))
      .sort()
      .map(quoted),
    word,
  ];
}

function fitting(candidates: readonly string[], word: string, after: string): string[] {
  return candidates.filter((each) => each.startsWith(word)).map((each) => each + after);
}
