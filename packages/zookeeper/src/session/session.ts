import type { ConnectString, HostPort } from '../connect-string.ts';
import type { Connection } from '../connection/connection.ts';
import type { Network } from '../connection/network.ts';
import { type Request, requestOf } from '../connection/request.ts';
import type { Logger } from '../logger.ts';
import { Chroot } from '../path.ts';
import type { SaslOptions } from '../sasl/sasl-options.ts';
import type { WatchEvent } from '../watches/watch-event.ts';
import { WatchTable } from '../watches/watch-table.ts';
import { isZooKeeperError, type ZooKeeperError } from '../zookeeper-error.ts';
import type { Established } from './attempt.ts';
import { ConnectFailure } from './connect-failure.ts';
import { authRequest, type Credential, Credentials } from './credentials.ts';
import { ExpiryTimer } from './expiry-timer.ts';
import { finalError } from './final-error.ts';
import { Identity } from './identity.ts';
import { watchEventOf } from './notifications.ts';
import { Outbox } from './outbox.ts';
import { pause } from './pause.ts';
import { rearm } from './rearm.ts';
import { Reconnector } from './reconnector.ts';
import type { SessionState } from './session-state.ts';
import { Status } from './status.ts';

/** What a session needs to know. */
export interface SessionOptions {
  readonly connect: ConnectString;
  readonly network: Network;
  readonly sasl: SaslOptions | undefined;
  /** See `ConnectOptions.reconnectJitter`. */
  readonly reconnectJitter: number;
  /** Session timeout to ask for, in milliseconds. */
  readonly timeout: number;
  /** See `ConnectOptions.onExpired`. */
  readonly onExpired: 'close' | 'renew';
  /** See `ConnectOptions.canBeReadOnly`. */
  readonly canBeReadOnly: boolean;
  /** See `ConnectOptions.maxInFlight`. */
  readonly maxInFlight: number;
  /** See `ConnectOptions.maxWaiting`. */
  readonly maxWaiting: number;
  readonly logger: Logger;
  readonly random: () => number;
}

/** How long the server may take to confirm the end of a session. */
const CLOSE_TIMEOUT = 1000;

/**
 * A ZooKeeper session over as many connections as it takes: it reconnects, arms the watches again
 * and knows, also without a server, when the session must have expired.
 */
export class Session {
  readonly chroot: Chroot;
  readonly watches = new WatchTable();
  /** Told of every notification, before the watchers. Must not throw. */
  onNotified: ((event: WatchEvent) => void) | undefined;
  readonly #options: SessionOptions;
  readonly #status: Status;
  readonly #identity: Identity;
  readonly #credentials = new Credentials();
  readonly #outbox: Outbox;
  readonly #expiry = new ExpiryTimer(() => this.#expire());
  readonly #reconnector: Reconnector;
  #connection: Connection | undefined;
  #run: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.chroot = new Chroot(options.connect.chroot);
    this.#status = new Status(options.onExpired === 'renew', options.logger);
    this.#outbox = new Outbox(options.maxInFlight, options.maxWaiting);
    this.#identity = new Identity(options.canBeReadOnly);
    const status = this.#status;
    this.#reconnector = new Reconnector(
      { ...options, hosts: options.connect.hosts },
      {
        get ended() {
          return status.ended;
        },
        hello: () => this.#identity.hello(options.timeout),
        expired: () => this.#expire(),
        leave: (why) => this.#move(why),
        refused: (cause) => status.apply({ type: 'auth-refused', cause }),
        live: (established, server) => this.#live(established, server),
      },
    );
  }

  get state(): SessionState {
    return this.#status.state;
  }

  /** The newest transaction that this session has seen. */
  get lastZxid(): bigint {
    return this.#identity.lastZxid;
  }

  /** True when no state follows: closed, refused, or expired and not renewed. */
  get ended(): boolean {
    return this.#status.ended;
  }

  /** Why there is no connection: what the last attempt failed with. */
  get lastFailure(): Error | undefined {
    return this.#reconnector.lastFailure;
  }

  /** Calls `listener` at each change of the state, until the returned function is called. */
  onState(listener: (state: SessionState) => void): () => void {
    return this.#status.listen(listener);
  }

  /** Starts connecting; the state tells how it goes. */
  start(): void {
    this.#run = this.#reconnector.run().then(() => {
      this.#expiry.stop();
      this.#failWaiting();
    });
  }

  /**
   * Sends a request, or keeps it for when there is room or a connection; one whose signal aborts
   * before that is dropped. One after the session's end fails.
   */
  send(request: Request, signal?: AbortSignal): void {
    if (this.#status.ended) request.fail(this.#finalError(request));
    else this.#outbox.send(request, signal);
  }

  /** Presents credentials now and at every reconnect. */
  authenticate(scheme: string, auth: Buffer): Promise<void> {
    const credential = { scheme, auth };
    this.#credentials.add(credential);
    return new Promise((resolve, reject) => {
      if (this.#connection === undefined)
        resolve(); // goes out first with the next connection
      else this.#present(this.#connection, credential, resolve, reject);
    });
  }

  /** Takes a new list of servers; moves to another of them where an even spread of clients wants it. */
  updateServers(hosts: readonly HostPort[]): void {
    if (this.#reconnector.update(hosts)) this.#move('the list of servers has changed');
  }

  /** Ends the session: its ephemerals go at once. Idempotent; never throws. */
  async close(): Promise<void> {
    if (this.state.type === 'closed') return this.#run;
    const connection = this.#connection;
    this.#release();
    this.#status.apply({ type: 'closed' });
    this.#expiry.stop();
    if (connection !== undefined) {
      const answered = new AbortController();
      const done = () => answered.abort();
      connection.send(requestOf('closeSession', undefined, undefined, done, done));
      await pause(CLOSE_TIMEOUT, answered.signal);
      connection.destroy(new Error('the client was closed'));
    }
    this.#reconnector.stop();
    await this.#run;
  }

  /** Runs a connection until its end, and tells what that was. */
  #live({ connection, response }: Established, server: string): Promise<Error> {
    if (this.ended) {
      const end = new Error('the client was closed');
      connection.destroy(end);
      return Promise.resolve(end);
    }
    const { timeout, sessionId, readOnly = false } = response;
    this.#expiry.stop();
    this.#identity.adopt(response);
    const { promise: ended, resolve } = Promise.withResolvers<Error>();
    connection.start(timeout, {
      reached: (zxid) => this.#identity.reached(zxid),
      notified: (event, zxid) => this.#notify(event, zxid),
      answered: () => this.#outbox.flush(),
      lost: (cause, lastHeard) => {
        this.#lost(connection, server, cause, lastHeard, timeout);
        resolve(cause);
      },
    });
    for (const credential of this.#credentials) this.#present(connection, credential);
    rearm(connection, this.watches, this.#identity.lastZxid);
    this.#connection = connection;
    this.#outbox.attach(connection);
    this.#status.apply({ type: 'established', sessionId, timeout, server, readOnly });
    // The server arms persistent watches without a word of what they missed.
    for (const watcher of this.watches.persistent()) watcher({ type: 'reset' });
    return ended;
  }

  #lost(
    connection: Connection,
    server: string,
    cause: Error,
    lastHeard: number,
    timeout: number,
  ): void {
    if (this.#connection === connection) this.#release();
    if (this.ended) return;
    if (isZooKeeperError(cause, 'SESSION_CLOSED_REQUIRE_SASL_AUTH')) {
      this.#refused(cause);
      return;
    }
    this.#expiry.start(lastHeard, timeout);
    this.#status.apply({ type: 'connection-lost', at: performance.now() });
    this.#options.logger.warn({ server, err: cause }, 'connection lost');
  }

  /** Leaves the connection for the next one; calls in flight are answered first. */
  #move(why: string): void {
    const connection = this.#connection;
    this.#release();
    connection?.retire(new Error(why));
  }

  #release(): void {
    this.#connection = undefined;
    this.#outbox.detach();
  }

  #present(
    connection: Connection,
    credential: Credential,
    done: () => void = () => {},
    failed: (error: ZooKeeperError) => void = () => {},
  ): void {
    const refused = (error: ZooKeeperError) => {
      if (error.code === 'AUTH_FAILED') this.#refused(error);
      failed(error);
    };
    connection.send(authRequest(credential, done, refused));
  }

  /** The connected server refuses the session: no other will take it. */
  #refused(error: ZooKeeperError): void {
    const { state } = this;
    const cause = state.type === 'connected' ? new ConnectFailure(state.server, error) : error;
    this.#status.apply({ type: 'auth-refused', cause });
  }

  #notify(event: { readonly type: number; readonly path: string }, zxid: bigint): void {
    const told = watchEventOf(event, zxid, this.chroot);
    if (told === undefined) return; // of a later version: no watcher could make sense of it
    // Its zxid doesn't count as seen: other events of the same transaction may be lost with the
    // connection, and a server would not catch up on what we claim to have seen.
    this.onNotified?.(told);
    for (const watcher of this.watches.concerned(event.type, event.path)) watcher(told);
  }

  /** The session is gone: a server says so, or it was without one for too long. */
  #expire(): void {
    this.#expiry.stop();
    this.#reconnector.abortAttempt(new Error('the session has expired'));
    this.#identity.forget();
    this.#status.apply({ type: 'session-expired' });
    for (const watcher of this.watches.takeOneShot()) watcher({ type: 'reset' });
    this.#failWaiting();
  }

  #failWaiting(): void {
    this.#outbox.fail((request) => this.#finalError(request));
  }

  #finalError({ operation, path }: Request): ZooKeeperError {
    return finalError(this.state, { operation, path, cause: this.lastFailure });
  }
}
