import { Engine } from '../engine/engine.ts';
import { State } from '../engine/state.ts';
import type { ResolvedOptions } from '../options.ts';
import { ZooKeeperServerError } from '../server-error.ts';
import type { Storage } from '../storage/storage.ts';
import type { Connection } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';
import type { Core } from './core.ts';
import { Delivery } from './delivery.ts';
import { Housekeeping } from './housekeeping.ts';
import { Port } from './port.ts';
import { Reception } from './reception.ts';
import { Snapshots } from './snapshots.ts';
import { type ServerStats, statsOf } from './stats.ts';
import { wordContext } from './word-context.ts';

/** Milliseconds that clients get to take their last replies when the server closes. */
const CLOSE_TIMEOUT = 500;

/** The running server: sockets, timers and storage around an {@link Engine}. */
export class ZooKeeperServer implements AsyncDisposable {
  readonly #core: Core;
  readonly #storage: Storage;
  readonly #port: Port;
  readonly #housekeeping: Housekeeping;
  readonly #ended = Promise.withResolvers<void>();
  #startedAt = 0;
  #closing: Promise<void> | undefined;

  private constructor(options: ResolvedOptions, storage: Storage) {
    const engine = new Engine<Connection>(new State(options.tickTime), options);
    const snapshots = new Snapshots(storage, engine.state, options.logger);
    const delivery = new Delivery(storage, options.clock, {
      durable: () => {
        if (!this.#closing) snapshots.takeIfDue();
      },
      failed: (cause) => this.#fail(cause),
    });
    this.#core = { options, engine, connections: new ConnectionTable(), delivery };
    this.#storage = storage;
    const reception = new Reception(this.#core, () =>
      wordContext(this.#core, this.stats(), this.#port.number, storage.location),
    );
    this.#port = new Port((socket) => reception.accept(socket));
    this.#housekeeping = new Housekeeping(this.#core);
    this.#ended.promise.catch(() => {});
  }

  /** Recovers the state, then listens. What was taken is given back when it fails. */
  static async start(
    options: ResolvedOptions,
    storage: Storage,
    signal?: AbortSignal,
  ): Promise<ZooKeeperServer> {
    const server = new ZooKeeperServer(options, storage);
    try {
      signal?.throwIfAborted();
      await storage.recover(server.#core.engine.state);
      signal?.throwIfAborted();
      await server.#open();
      signal?.throwIfAborted();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** Where clients find it. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#core.options.host, port: this.#port.number };
  }

  /** `host:port`: a client's connect string. */
  get connect(): string {
    const { host, port } = this.address;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /**
   * Settles when the server is down: resolves after `close()`, rejects with a
   * `ZooKeeperServerError` `storage-failed` when it went down because it could not write.
   */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The figures of this moment. */
  stats(): ServerStats {
    return statsOf(this.#core, this.#startedAt);
  }

  /** Stops accepting, makes what was begun durable, answers it, closes. Idempotent, under a second. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    const { host, port, clock } = this.#core.options;
    await this.#port.open(host, port);
    this.#startedAt = clock.monotonic();
    this.#housekeeping.start();
  }

  /** Storage failed: nothing that is not durable gets out, and everybody sees that the server is gone. */
  #fail(cause: unknown): void {
    const where = this.#storage.location;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new ZooKeeperServerError(
      'storage-failed',
      `The transaction log${where ? ` in ${where}` : ''} could not be written: ${reason}. The server is down; everything acknowledged is safe. Free space or repair the disk, then start it again.`,
      { cause },
    );
    this.#core.options.logger.error({ error }, error.message);
    this.#ended.reject(error);
    this.#core.connections.destroy();
    void this.close();
  }

  async #close(): Promise<void> {
    const { connections, delivery } = this.#core;
    this.#housekeeping.stop();
    const stopped = this.#port.close();
    await delivery.drain();
    for (const connection of connections) connection.drain();
    delivery.flush();
    const impatient = setTimeout(() => connections.destroy(), CLOSE_TIMEOUT);
    await stopped;
    clearTimeout(impatient);
    delivery.close();
    await this.#storage.close();
    this.#ended.resolve();
  }
}
