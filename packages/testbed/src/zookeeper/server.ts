import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../process/child.ts';
import { startUp } from '../process/start-up.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';
import { TestbedError } from '../testbed-error.ts';
import { fourLetterWord, modeOf, type ServerMode } from './four-letter-word.ts';
import {
  jarsOf,
  javaArguments,
  javaProgram,
  type ZooKeeperOptions,
  zooCfg,
} from './server-options.ts';

/** A real Apache ZooKeeper server in a process of its own. */
export class ZooKeeperServer implements AsyncDisposable {
  /** `127.0.0.1`. */
  readonly host = '127.0.0.1';
  /** Client port; it stays the same over a {@link restart}. */
  readonly port: number;
  /** `host:port`, what a client's connect string is. */
  readonly connect: string;
  /** Where the data and `zookeeper.log` are. */
  readonly dataDir: string;
  readonly #options: ZooKeeperOptions;
  readonly #temp: TempDir | undefined;
  #child: Child | undefined;
  #closed = false;

  private constructor(options: ZooKeeperOptions, port: number, dataDir: string, temp?: TempDir) {
    this.#options = options;
    this.port = port;
    this.connect = `${this.host}:${port}`;
    this.dataDir = dataDir;
    this.#temp = temp;
  }

  /** Prepares a server, with its data folder, without starting it. */
  static async prepare(options: ZooKeeperOptions, port: number): Promise<ZooKeeperServer> {
    const temp = options.dataDir ? undefined : await tempDir('meshkeeper-zookeeper-');
    const dataDir = options.dataDir ?? temp!.path;
    await mkdir(dataDir, { recursive: true });
    return new ZooKeeperServer(options, port, dataDir, temp);
  }

  /** Process id; undefined while it is stopped. */
  get pid(): number | undefined {
    return this.#child?.running ? this.#child.pid : undefined;
  }

  /** The file that the server logs to. */
  get log(): string {
    return join(this.dataDir, 'zookeeper.log');
  }

  /**
   * Starts it, on the same port and data, if it does not run.
   *
   * @throws TestbedError `start-failed` with the end of its log, `component-missing`.
   */
  async start(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#closed) throw new TestbedError('closed', `ZooKeeper ${this.connect} is closed`);
    if (this.#child?.running) return;
    const config = join(this.dataDir, 'zoo.cfg');
    await writeFile(config, zooCfg(this.#options, this));
    this.#child = await Child.spawn({
      command: javaProgram(),
      args: [...javaArguments(this.#options, jarsOf(this.#options)), config],
      cwd: this.dataDir,
      log: this.log,
    });
    await startUp(this.#child, {
      name: `ZooKeeper ${this.connect}`,
      log: this.log,
      probe: (signal) => this.mode({ signal }),
      timeout: this.#options.startTimeout ?? 30_000,
      signal: options.signal,
    });
  }

  /** Asks a four-letter word: all are allowed. Rejects while the server is down or paused. */
  ask(word: string, options: { signal?: AbortSignal | undefined } = {}): Promise<string> {
    return fourLetterWord(this, word, options);
  }

  /** What the server is; undefined while it answers but has no quorum. Rejects when it is down. */
  async mode(options: { signal?: AbortSignal | undefined } = {}): Promise<ServerMode | undefined> {
    return modeOf(await this.ask('srvr', options));
  }

  /** Ends it in order (SIGTERM). The data and the port stay for {@link start}. */
  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** Ends it like a crash (SIGKILL). The data and the port stay for {@link start}. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** Freezes it (SIGSTOP): connections stay open and nothing is answered. */
  pause(): void {
    this.#child?.pause();
  }

  /** Ends a {@link pause} (SIGCONT). */
  resume(): void {
    this.#child?.signal('SIGCONT');
  }

  /** Stops it if it runs, starts it again, and waits until it serves. */
  async restart(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  /** Ends it and removes its temporary folder. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.kill();
    await this.#temp?.close();
  }

  /** Same as {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
