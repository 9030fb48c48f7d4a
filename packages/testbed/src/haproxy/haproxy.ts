import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { requireComponent } from '../component.ts';
import { Child } from '../process/child.ts';
import { type CommandResult, run } from '../process/command.ts';
import { startUp } from '../process/start-up.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';

/** A server of a backend, as HAProxy sees it. */
export interface HaproxyServer {
  /** `127.0.0.1:8080`; undefined of a place that nobody has taken. */
  readonly address: string | undefined;
  readonly weight: number;
}

/** A real HAProxy in a process of its own. */
export interface Haproxy extends AsyncDisposable {
  /** The file that it logs to, in a folder that `close()` removes. */
  readonly log: string;
  /** What its runtime interface answers to a command: `show resolvers`. */
  runtime(command: string): Promise<string>;
  /** The servers of a backend. */
  servers(backend: string): Promise<HaproxyServer[]>;
  /** Ends it and removes its temporary files. */
  close(): Promise<void>;
}

/** What HAProxy itself says of a configuration: `haproxy -c`. */
export async function checkHaproxy(config: string): Promise<CommandResult> {
  await using dir = await tempDir('meshkeeper-haproxy-');
  const file = join(dir.path, 'haproxy.cfg');
  await writeFile(file, config);
  return await run(requireComponent('haproxy'), ['-c', '-f', file]);
}

/**
 * Starts the real HAProxy, and waits until it runs.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startHaproxy(config: string): Promise<Haproxy> {
  const program = requireComponent('haproxy');
  const dir = await tempDir('meshkeeper-haproxy-');
  const log = join(dir.path, 'haproxy.log');
  const socket = join(dir.path, 'admin.sock');
  try {
    const own = join(dir.path, 'testbed.cfg');
    const given = join(dir.path, 'haproxy.cfg');
    await writeFile(own, `global\n  stats socket ${socket}\n`);
    await writeFile(given, config);
    // -db: in the foreground.
    const child = await Child.spawn({
      command: program,
      args: ['-db', '-f', own, '-f', given],
      log,
    });
    const probe = async () => (await ask(socket, 'show info')).includes('Version');
    await startUp(child, { name: 'HAProxy', log, probe, timeout: 30_000 });
    return new RunningHaproxy(child, log, socket, dir);
  } catch (error) {
    await dir.close();
    throw error;
  }
}

class RunningHaproxy implements Haproxy {
  readonly log: string;
  readonly #child: Child;
  readonly #socket: string;
  readonly #dir: TempDir;

  constructor(child: Child, log: string, socket: string, dir: TempDir) {
    this.#child = child;
    this.log = log;
    this.#socket = socket;
    this.#dir = dir;
  }

  runtime(command: string): Promise<string> {
    return ask(this.#socket, command);
  }

  async servers(backend: string): Promise<HaproxyServer[]> {
    const [head = '', ...rows] = (await this.runtime('show stat')).trim().split('\n');
    const columns = head.replace(/^# /, '').split(',');
    return (
      rows
        .map((row) => new Map(row.split(',').map((cell, i) => [columns[i], cell])))
        .filter((row) => row.get('pxname') === backend && row.get('addr'))
        // Who has no address is in maintenance, with the address that it had.
        .map((row) => ({
          address: row.get('status')?.startsWith('MAINT') ? undefined : row.get('addr'),
          weight: Number(row.get('weight')),
        }))
    );
  }

  async close(): Promise<void> {
    await this.#child.kill();
    await this.#dir.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** What its runtime interface answers to a command. */
function ask(path: string, command: string): Promise<string> {
  const socket = connect(path);
  socket.write(`${command}\n`);
  return text(socket);
}
