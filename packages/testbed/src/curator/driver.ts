import { createInterface } from 'node:readline';
import type { Child } from '../process/child.ts';
import { TestbedError } from '../testbed-error.ts';

/** Curator's ConnectionState. */
export type CuratorState = 'CONNECTED' | 'SUSPENDED' | 'RECONNECTED' | 'LOST' | 'READ_ONLY';

/** A line from the driver. */
type Line =
  | { id: number; ok: true; result: unknown }
  | { id: number; ok: false; error: string }
  | { id?: undefined; state: CuratorState };

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** The JSON lines between us and the JVM: matches replies to requests by their id. */
export class Driver {
  /** The last state of the connection to ZooKeeper; undefined before the first. */
  state: CuratorState | undefined;
  readonly #child: Child;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  /** `name` is for the messages of errors. */
  constructor(child: Child, name = 'Curator') {
    this.#child = child;
    this.#name = name;
    const { stdin, stdout } = child.process;
    if (!stdin || !stdout) throw new Error('the driver needs pipes');
    stdin.on('error', () => {});
    // Our own protocol: the driver's sources are next to this file.
    createInterface({ input: stdout }).on('line', (line) => this.#receive(JSON.parse(line)));
    void child.exited.then((how) => {
      const gone = new TestbedError('closed', `the ${name} driver ${how}`);
      for (const { reject } of this.#pending.values()) reject(gone);
      this.#pending.clear();
    });
    this.#keepAlive();
  }

  /**
   * Sends a command and waits for its reply. An abort gives up waiting; the JVM goes on.
   *
   * @throws TestbedError `command-failed` with the Java exception, `closed` when the JVM is gone.
   */
  async request(
    command: string,
    fields: Readonly<Record<string, unknown>> = {},
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (!this.#child.running) {
      throw new TestbedError('closed', `the ${this.#name} driver has ended`);
    }
    const id = this.#nextId++;
    const reply = Promise.withResolvers<unknown>();
    const abort = () => reply.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#pending.set(id, reply);
    this.#keepAlive();
    this.#child.process.stdin?.write(`${JSON.stringify({ id, command, ...fields })}\n`);
    try {
      return await reply.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(id);
      this.#keepAlive();
    }
  }

  #receive(line: Line): void {
    if (line.id === undefined) this.state = line.state;
    else if (line.ok) this.#pending.get(line.id)?.resolve(line.result);
    else {
      const error = new TestbedError('command-failed', `${this.#name}: ${line.error}`);
      this.#pending.get(line.id)?.reject(error);
    }
  }

  /** Holds this process only while a reply is awaited. */
  #keepAlive(): void {
    if (this.#pending.size > 0) this.#child.process.ref();
    else this.#child.process.unref();
    for (const pipe of [this.#child.process.stdin, this.#child.process.stdout]) {
      if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
    }
  }
}
