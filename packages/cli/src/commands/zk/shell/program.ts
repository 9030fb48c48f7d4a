import { posix } from 'node:path';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { Command, Option } from 'commander';
import { withExamples } from '../../../examples.ts';
import { CliError, ExitCode } from '../../../exit-code.ts';
import { optionsOf } from '../../../global-options.ts';
import { OUTPUTS } from '../../../output/format.ts';
import type { Access, AddVerb } from '../access.ts';
import { addAclVerb } from '../acl.ts';
import { addMntrVerb } from '../mntr.ts';
import { addReadVerbs } from '../read.ts';
import { addTreeVerb } from '../tree.ts';
import { addWatchVerb } from '../watch.ts';
import { addWriteVerbs } from '../write.ts';

/** What the verbs of a shell work on. */
export interface ShellSession {
  readonly zk: ZooKeeper;
  /** The ensemble's connect string. */
  readonly server: string;
  /** The znode to be at. */
  at: string;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
  confirm: Access['confirm'];
  /** Hands the terminal to a program meanwhile. */
  withTerminal<T>(run: () => Promise<T>): Promise<T>;
}

/** The same verbs as outside, on the session's client and from its znode. */
export function shellProgram(session: ShellSession, writeErr: (text: string) => void): Command {
  const { zk, signal } = session;
  const program = new Command('')
    .exitOverride()
    .configureOutput({ writeErr })
    .addOption(
      new Option('-o, --output <format>', 'what data is printed as')
        .choices(OUTPUTS)
        .default('table'),
    )
    .usage('command')
    .configureHelp({ commandUsage: (command) => `${command.name()} ${command.usage()}`.trim() })
    .helpCommand('help [command]', 'what there is');
  program.setOptionValue('zookeeper', session.server);
  const add: AddVerb = (name, description, examples) =>
    withExamples(program.command(name).description(description), examples);
  const access: Access = {
    path: (text) => posix.resolve(session.at, text),
    use: (command, run) => run(zk, optionsOf(command)),
    confirm: session.confirm,
  };
  addReadVerbs(add, access);
  addTreeVerb(add, access);
  // An ephemeral lives as long as the shell's session.
  addWriteVerbs(add, access, (command, create) => access.use(command, create));
  addWatchVerb(add, access, (_, run) => run(zk, signal));
  addAclVerb(add, access);
  addMntrVerb(add);
  add('edit', "change a znode's data in $VISUAL or $EDITOR", ['edit /services/orders/orders-1'])
    .argument('<path>', 'the znode', access.path)
    .action(async (path: string) => {
      if (!process.stdin.isTTY) throw new CliError('an editor needs a terminal', ExitCode.USAGE);
      const { edit } = await import('./edit.ts');
      process.stderr.write(`${await session.withTerminal(() => edit(zk, path))}\n`);
    });
  add('addauth', 'say who this session is, as ACLs want it', ['addauth digest ops:secret'])
    .argument('<scheme>', 'most often digest')
    .argument('<auth>', 'of digest: user:password; it is not kept in the history')
    .action((scheme: string, auth: string) => zk.addAuth(scheme, auth));
  add('cd', 'be at another znode', ['cd /services', 'cd ..'])
    .argument('[path]', 'the znode', access.path, '/')
    .action(async (path: string) => {
      if ((await zk.exists(path)) === null)
        throw new CliError(`there is no znode ${path}`, ExitCode.NOT_FOUND);
      session.at = path;
    });
  add('pwd', 'the znode to be at', ['pwd']).action(
    () => void process.stdout.write(`${session.at}\n`),
  );
  add('exit', 'leave; so does Ctrl-D', ['exit']).alias('quit');
  return program;
}
