import { createServer, type Server, type Socket } from 'node:net';
import {
  type AnyRequest,
  connectRequest,
  connectResponse,
  ErrorCode,
  JuteError,
  operationOf,
  Reader,
  type RequestOf,
  requestHeader,
  rowOf,
} from '@meshkeeper/jute';
import { digestIds } from '../auth/digest.ts';
import { type Applied, Engine } from '../engine/engine.ts';
import type { Event } from '../engine/outcome.ts';
import { State } from '../engine/state.ts';
import { StateImage } from '../engine/state-image.ts';
import type { ResolvedOptions } from '../options.ts';
import { ZooKeeperServerError } from '../server-error.ts';
import type { Storage } from '../storage/storage.ts';
import { CommitQueue } from './commit-queue.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { answerWord, type WordContext } from './four-letter-words.ts';
import { connectResponseFor, greet } from './handshake.ts';
import { Latency, type ServerStats } from './stats.ts';

/** Milliseconds that a connection may take to shake hands. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Milliseconds that clients get to take their last replies when the server closes. */
const CLOSE_TIMEOUT = 500;
const PING = 'ping';
const PING_XID = -2;

/** The running server: sockets, timers and storage around an {@link Engine}. */
export class ZooKeeperServer implements ConnectionHost, AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #storage: Storage;
  readonly #engine: Engine<Connection>;
  readonly #commits: CommitQueue;
  readonly #listener: Server;
  readonly #connections = new Set<Connection>();
  readonly #bySession = new Map<bigint, Connection>();
  readonly #perAddress = new Map<string, number>();
  /** Connections with something to send. */
  readonly #dirty = new Set<Connection>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #latency = new Latency();
  readonly #ended = Promise.withResolvers<void>();
  #turn: NodeJS.Immediate | undefined;
  #batchSince = 0;
  #received = 0;
  #sent = 0;
  #startedAt = 0;
  #lastTick = 0;
  #snapshot: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #port = 0;

  private constructor(options: ResolvedOptions, storage: Storage) {
    this.#options = options;
    this.#storage = storage;
    this.#engine = new Engine(new State(options.tickTime), options);
    this.#commits = new CommitQueue(storage, {
      durable: () => this.#durable(),
      failed: (cause) => this.#fail(cause),
    });
    this.#listener = createServer({ highWaterMark: 64 * 1024 }, (socket) => this.#accept(socket));
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
      await storage.recover(server.#engine.state);
      signal?.throwIfAborted();
      await server.#listen();
      signal?.throwIfAborted();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** Where clients find it. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#options.host, port: this.#port };
  }

  /** `host:port`: a client's connect string. */
  get connect(): string {
    const { host } = this.#options;
    return `${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /**
   * Settles when the server is down: resolves after `close()`, rejects with a
   * `ZooKeeperServerError` `storage-failed` when it went down because it could not write.
   */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  stats(): ServerStats {
    const { state, watches } = this.#engine;
    const counts = watches.counts;
    let [outstanding, received, sent] = [0, this.#received, this.#sent];
    for (const connection of this.#connections) {
      outstanding += connection.outstanding;
      received += connection.received;
      sent += connection.sent;
    }
    return {
      connections: this.#connections.size,
      sessions: state.sessions.size,
      znodes: state.tree.size,
      ephemerals: state.tree.ephemeralCount,
      dataSize: state.tree.dataSize,
      watches: counts.watches,
      watchedPaths: counts.paths,
      watchers: counts.watchers,
      zxid: state.lastZxid,
      received,
      sent,
      outstanding,
      latency: this.#latency.figures,
      uptime: Math.round(this.#options.clock.monotonic() - this.#startedAt),
    };
  }

  /** Stops accepting, makes what was begun durable, answers it, closes. Idempotent, under a second. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get currentBatch(): number {
    return this.#commits.current;
  }

  get durableBatch(): number {
    return this.#commits.durable;
  }

  dirty(connection: Connection): void {
    this.#dirty.add(connection);
    this.#schedule();
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#dirty.delete(connection);
    this.#engine.watches.removeWatcher(connection);
    this.#received += connection.received;
    this.#sent += connection.sent;
    const { sessionId, remoteAddress } = connection;
    if (this.#bySession.get(sessionId) === connection) this.#bySession.delete(sessionId);
    const left = (this.#perAddress.get(remoteAddress) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(remoteAddress, left);
    else this.#perAddress.delete(remoteAddress);
  }

  word(connection: Connection, word: string): boolean {
    const allowed = this.#options.fourLetterWords;
    const answer = answerWord(word, allowed, () => this.#wordContext());
    if (answer !== undefined) connection.endWith(answer);
    return answer !== undefined;
  }

  frame(connection: Connection, frame: Buffer): void {
    if (connection.phase.at === 'handshake') this.#greet(connection, frame);
    else this.#request(connection, frame);
  }

  #greet(connection: Connection, frame: Buffer): void {
    const { clock, logger } = this.#options;
    const { state } = this.#engine;
    const request = connectRequest.read(new Reader(frame));
    const greeting = greet(request, state, this.#options);
    if (greeting.kind === 'ahead') {
      const seen = `0x${greeting.seen.toString(16)}`;
      logger.warn({ seen, last: state.lastZxid }, 'a client has seen later transactions: refused');
      connection.destroy();
      return;
    }
    if (greeting.kind === 'gone') {
      connection.frame((writer) =>
        connectResponse.write(writer, connectResponseFor(request, undefined)),
      );
      connection.drain();
      return;
    }
    const { timeout, password } = greeting;
    let sessionId: bigint;
    if (greeting.kind === 'new') {
      const { id, ...applied } = this.#engine.openSession(timeout, password, clock.now());
      this.#commit(applied);
      sessionId = id;
    } else {
      sessionId = greeting.sessionId;
      this.#bySession.get(sessionId)?.destroy();
      state.sessions.open({ id: sessionId, timeout, password });
    }
    connection.phase = { at: 'session', sessionId, timeout };
    this.#bySession.set(sessionId, connection);
    state.sessions.touch(sessionId, clock.monotonic());
    const response = connectResponseFor(request, { sessionId, timeout, password });
    connection.frame((writer) => connectResponse.write(writer, response));
  }

  #request(connection: Connection, frame: Buffer): void {
    const reader = new Reader(frame);
    const { xid, type } = requestHeader.read(reader);
    const op = operationOf(type);
    const { clock } = this.#options;
    const { state } = this.#engine;
    state.sessions.touch(connection.sessionId, clock.monotonic());
    if (op === undefined || op === 'check' || op === 'createSession' || op === 'deleteContainer') {
      connection.reply(xid, -1n, ErrorCode.UNIMPLEMENTED);
      connection.drain();
      return;
    }
    let request: unknown;
    try {
      request = rowOf(op).request.read(reader);
    } catch (error) {
      if (!(error instanceof JuteError)) throw error;
      connection.reply(xid, state.lastZxid, ErrorCode.MARSHALLING_ERROR);
      return;
    }
    if (op === 'auth') {
      this.#authenticate(connection, xid, request as RequestOf<'auth'>); // Read by its row.
      return;
    }
    if (op === 'sasl') {
      // As the original without a login configuration: an empty token, and nobody authenticated.
      connection.reply(xid, 0n, ErrorCode.OK, (writer) =>
        rowOf('sasl').response.write(writer, { token: null }),
      );
      return;
    }
    // `request` was read by the row of `op`, which the compiler can't follow.
    const outcome = this.#engine.process(connection, { op, request } as AnyRequest, clock.now());
    if (outcome.txn) this.#commit({ txn: outcome.txn, events: outcome.events ?? [] });
    else this.#notify(outcome.events ?? []);
    const id = op === PING ? PING_XID : xid;
    connection.reply(id, state.lastZxid, outcome.err, (writer) => {
      if (outcome.err === ErrorCode.OK) rowOf(op).response.write(writer, outcome.response);
    });
    if (op === 'closeSession') connection.drain();
  }

  #authenticate(connection: Connection, xid: number, request: RequestOf<'auth'>): void {
    const { scheme, auth } = request;
    if (scheme === 'digest') {
      for (const id of digestIds(auth ?? Buffer.alloc(0), this.#options.superDigest))
        if (!connection.ids.some((own) => own.scheme === id.scheme && own.id === id.id))
          connection.ids.push(id);
    }
    const known = scheme === 'digest' || scheme === 'ip';
    connection.reply(xid, 0n, known ? ErrorCode.OK : ErrorCode.AUTH_FAILED);
    if (!known) connection.drain();
  }

  #commit({ txn, events }: Applied<Connection>): void {
    if (this.#commits.waiting === 0) this.#batchSince = this.#options.clock.monotonic();
    this.#commits.add(txn);
    this.#notify(events);
    this.#schedule();
  }

  #notify(events: readonly Event<Connection>[]): void {
    for (const event of events) event.watcher.notify(event);
  }

  /** Once a turn of the event loop: everything that its frames led to goes out together. */
  #schedule(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#commits.kick();
      this.#flush();
    });
  }

  #flush(): void {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const connection of dirty) connection.flush();
    // Those whose output has to wait for a batch are flushed again when it is durable.
    if (this.#commits.current > this.#commits.durable)
      for (const connection of dirty) if (connection.waiting) this.#dirty.add(connection);
  }

  #durable(): void {
    this.#latency.add(this.#options.clock.monotonic() - this.#batchSince);
    this.#flush();
    if (this.#storage.snapshotDue && !this.#snapshot && !this.#closing) this.#takeSnapshot();
  }

  #takeSnapshot(): void {
    const { logger } = this.#options;
    const image = new StateImage(this.#engine.state);
    this.#snapshot = this.#storage
      .snapshot(image)
      .catch((error: unknown) => {
        // The log is whole without it; the next one is tried when it is due again.
        logger.error({ error }, 'a snapshot could not be written');
      })
      .finally(() => {
        image.close();
        this.#snapshot = undefined;
      });
  }

  #accept(socket: Socket): void {
    const { maxClientConnections, clock, logger } = this.#options;
    const connection = new Connection(socket, this, clock.monotonic());
    const { remoteAddress } = connection;
    const count = (this.#perAddress.get(remoteAddress) ?? 0) + 1;
    this.#perAddress.set(remoteAddress, count);
    this.#connections.add(connection);
    if (this.#closing || (maxClientConnections > 0 && count > maxClientConnections)) {
      logger.warn({ remoteAddress, maxClientConnections }, 'too many connections: refused');
      connection.destroy();
    }
  }

  async #listen(): Promise<void> {
    const { port, host, clock, tickTime, reapInterval } = this.#options;
    const bound = Promise.withResolvers<void>();
    this.#listener.once('error', (cause: NodeJS.ErrnoException) => {
      bound.reject(listenError(cause, host, port));
    });
    this.#listener.listen({ port, host }, bound.resolve);
    await bound.promise;
    const address = this.#listener.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#startedAt = clock.monotonic();
    this.#lastTick = this.#startedAt;
    this.#engine.state.sessions.touchAll(this.#startedAt);
    this.#timers.push(setInterval(() => this.#tick(), tickTime));
    this.#timers.push(setInterval(() => this.#reap(), reapInterval));
  }

  #tick(): void {
    const { clock, tickTime } = this.#options;
    const late = clock.monotonic() - this.#lastTick > 2 * tickTime;
    this.#lastTick = clock.monotonic();
    // After a pause of the whole process, pings lie unread: their sessions must not pay for it.
    if (late) this.#engine.state.sessions.touchAll(clock.monotonic());
    else setImmediate(() => this.#expire());
  }

  #expire(): void {
    if (this.#closing) return;
    const { clock, logger } = this.#options;
    const now = clock.monotonic();
    for (const id of this.#engine.state.sessions.expired(now)) {
      logger.info({ session: `0x${id.toString(16)}` }, 'session expired');
      this.#commit(this.#engine.closeSession(id, clock.now()));
      this.#bySession.get(id)?.destroy();
    }
    for (const connection of this.#connections) {
      const { phase } = connection;
      if (phase.at === 'handshake' && now - phase.since > HANDSHAKE_TIMEOUT) connection.destroy();
    }
  }

  #reap(): void {
    if (this.#closing) return;
    for (const applied of this.#engine.reap(this.#options.clock.now())) this.#commit(applied);
  }

  #wordContext(): WordContext {
    const { tickTime, minSessionTimeout, maxSessionTimeout, maxClientConnections } = this.#options;
    return {
      stats: this.stats(),
      connections: [...this.#connections].map((connection) => ({
        address: `${connection.remoteAddress}:${connection.remotePort}`,
        sessionId: connection.sessionId,
        queued: connection.outstanding,
        received: connection.received,
        sent: connection.sent,
      })),
      configuration: {
        clientPort: this.#port,
        dataDir: this.#storage.location ?? '',
        dataLogDir: this.#storage.location ?? '',
        tickTime,
        maxClientCnxns: maxClientConnections,
        minSessionTimeout,
        maxSessionTimeout,
        serverId: 0,
      },
    };
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
    this.#options.logger.error({ error }, error.message);
    this.#ended.reject(error);
    for (const connection of [...this.#connections]) connection.destroy();
    void this.close();
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const stopped = this.#listener.listening
      ? new Promise<void>((resolve) => this.#listener.close(() => resolve()))
      : Promise.resolve();
    await this.#commits.drain();
    for (const connection of this.#connections) connection.drain();
    this.#flush();
    const impatient = setTimeout(() => {
      for (const connection of [...this.#connections]) connection.destroy();
    }, CLOSE_TIMEOUT);
    await stopped;
    clearTimeout(impatient);
    clearImmediate(this.#turn);
    await this.#storage.close();
    this.#ended.resolve();
  }
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number) {
  if (cause.code === 'EADDRINUSE')
    return new ZooKeeperServerError(
      'port-busy',
      `Port ${port} on ${host} is busy: another ZooKeeper server may be running there. Stop it, or give another port (0 takes a free one).`,
      { cause },
    );
  return new ZooKeeperServerError(
    'listen-failed',
    `Can't listen on ${host}:${port}: ${cause.message}. Give a host and port that this machine has and this user may take.`,
    { cause },
  );
}
