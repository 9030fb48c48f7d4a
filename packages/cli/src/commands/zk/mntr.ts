import type { Command } from 'commander';
import { CliError } from '../../exit-code.ts';
import { fourLetterWord } from '../../four-letter-word.ts';
import { optionsOf } from '../../global-options.ts';
import { print } from '../../output/format.ts';
import type { AddVerb, ZooKeeperFlags } from './access.ts';

/** What one server says of itself. */
interface ServerFigures {
  readonly server: string;
  readonly figures: Readonly<Record<string, string>>;
}

const TIMEOUT = 5_000;

/** The verb that shows the figures of every server of the ensemble. */
export function addMntrVerb(add: AddVerb): void {
  add('mntr', "the servers' own figures (the four-letter word mntr)", [
    'mntr',
    'mntr --zookeeper zk1:2181,zk2:2181,zk3:2181',
  ]).action(async (_: unknown, command: Command) => {
    const options = optionsOf<ZooKeeperFlags>(command);
    const { parseConnectString } = await import('@meshkeeper/zookeeper');
    const { hosts } = parseConnectString(options.zookeeper);
    const all = await Promise.all(hosts.map(({ host, port }) => ask(host, port)));
    const names = [...new Set(all.flatMap(({ figures }) => Object.keys(figures)))];
    await print(all, options.output, () => ({
      head: ['FIGURE', ...all.map(({ server }) => server)],
      rows: names.map((name) => [name, ...all.map(({ figures }) => figures[name] ?? '-')]),
    }));
  });
}

async function ask(host: string, port: number): Promise<ServerFigures> {
  const server = `${host}:${port}`;
  try {
    const answer = await fourLetterWord({ host, port }, 'mntr', TIMEOUT);
    const rows = [...answer.matchAll(/^(\S+)\t(.*)$/gm)];
    if (rows.length > 0)
      return { server, figures: Object.fromEntries(rows.map(([, name, value]) => [name, value])) };
    throw new CliError(
      `${server} doesn't answer mntr: allow it there with 4lw.commands.whitelist=mntr (${answer.trim() || 'no answer'})`,
    );
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`${server} can't be asked: ${why}`, undefined, { cause });
  }
}
