import { posix } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Command, CommanderError } from 'commander';
import { ExitCode } from '../../exit-code.ts';
import { optionsOf } from '../../global-options.ts';
import { type Access, type AddVerb, openZooKeeper, type ZooKeeperFlags } from './access.ts';
import { addAclVerb } from './acl.ts';
import { addReadVerbs } from './read.ts';
import { addTreeVerb } from './tree.ts';
import { addWriteVerbs } from './write.ts';

/** The verb that takes verbs, line by line. */
export function addShellVerb(add: AddVerb): void {
  add('shell', 'a prompt for these commands, with history and completion of paths').action(
    async (_: unknown, command: Command) => {
      const options = optionsOf<ZooKeeperFlags>(command);
      await using client = await openZooKeeper(options);
      await new Shell(client, options.zookeeper).run();
    },
  );
}

/** One session at the prompt: one client, and a znode to be at. */
class Shell {
  readonly #zk: ZooKeeper;
  readonly #server: string;
  #at = '/';

  constructor(zk: ZooKeeper, server: string) {
    this.#zk = zk;
    this.#server = server;
  }

  async run(): Promise<void> {
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: process.stdin.isTTY === true,
      completer: (line: string) => this.#complete(line),
    });
    const prompt = () => {
      if (!process.stdin.isTTY) return;
      lines.setPrompt(`${this.#server}${this.#at}> `);
      lines.prompt();
    };
    prompt();
    for await (const line of lines) {
      const words = split(line);
      if (words[0] === 'exit' || words[0] === 'quit') break;
      if (words.length > 0) await this.#execute(words);
      prompt();
    }
    lines.close();
  }

  async #execute(words: readonly string[]): Promise<void> {
    try {
      await this.#program().parseAsync(words, { from: 'user' });
    } catch (error) {
      // commander has said what is wrong; help comes this way too, with 0.
      if (error instanceof CommanderError && error.exitCode === 0) return;
      if (!(error instanceof CommanderError))
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      // A script that is fed in tells by its exit code that something in it failed.
      if (!process.stdin.isTTY) process.exitCode = ExitCode.FAILED;
    }
  }

  /** The same verbs as outside, on this client and from this znode; made anew, as flags stick. */
  #program(): Command {
    const program = new Command('')
      .exitOverride()
      .option('-o, --output <format>', 'table, json or yaml', 'table')
      .usage('command')
      .helpCommand('help [command]', 'what there is');
    const add: AddVerb = (name, description) => program.command(name).description(description);
    const access: Access = {
      path: (text) => this.#resolve(text),
      use: (command, run) => run(this.#zk, optionsOf(command)),
    };
    addReadVerbs(add, access);
    addTreeVerb(add, access);
    // An ephemeral lives as long as the shell's session.
    addWriteVerbs(add, access, (command, create) => access.use(command, create));
    addAclVerb(add, access);
    add('cd', 'be at another znode')
      .argument('[path]', 'the znode', access.path, '/')
      .action(async (path: string) => {
        if ((await this.#zk.exists(path)) === null) throw new Error(`there is no znode ${path}`);
        this.#at = path;
      });
    add('pwd', 'the znode to be at').action(() => void process.stdout.write(`${this.#at}\n`));
    add('exit', 'leave').alias('quit');
    return program;
  }

  #resolve(text: string): string {
    const path = posix.resolve(this.#at, text);
    // The slash in front of a sequence number counts.
    return text.endsWith('/') && path !== '/' ? `${path}/` : path;
  }

  async #complete(line: string): Promise<[string[], string]> {
    const word = /\S*$/.exec(line)?.[0] ?? '';
    if (word === line) {
      const names = this.#program().commands.map((command) => command.name());
      return [names.filter((name) => name.startsWith(word)).map((name) => `${name} `), word];
    }
    const slash = word.lastIndexOf('/');
    const written = word.slice(0, slash + 1);
    const parent = posix.resolve(this.#at, written);
    try {
      const { children } = await this.#zk.children(parent);
      const fits = children.filter((child) => child.startsWith(word.slice(slash + 1)));
      return [fits.sort().map((child) => written + child), word];
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [[], word];
      throw error;
    }
  }
}

/** Words as a shell splits them: quotes hold together. */
function split(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '',
  );
}
