import { type ConnectResponse, EventType as Events, type EventType, Xid } from '@meshkeeper/jute';
import type { ConnectString } from '../connect-string.ts';
import { Connection } from '../connection/connection.ts';
import { type Request, requestOf } from '../connection/request.ts';
import type { Logger } from '../logger.ts';
import { Chroot } from '../path.ts';
import type { WatchEvent, Watcher } from '../watches/watch-event.ts';
import { WatchTable } from '../watches/watch-table.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';
import { HostList } from './host-list.ts';
import { pause } from './pause.ts';
import { type SessionEvent, type SessionState, transition } from './session-state.ts';

/** What a session needs to know. */
export interface SessionOptions {
  readonly connect: ConnectString;
  /** Session timeout to ask for, in milliseconds. */
  readonly timeout: number;
  /** See `ConnectOptions.onExpired`. */
  readonly onExpired: 'close' | 'renew';
  readonly logger: Logger;
  readonly random: () => number;
}

/** Longest random pause before a reconnect, so that clients of a lost server don't come as a herd. */
const RECONNECT_JITTER = 200;
/** Extra pause once every server was tried in vain. */
const WRAPPED_PAUSE = 1000;
/** How long the server may take to confirm the end of a session. */
const CLOSE_TIMEOUT = 1000;

const eventNames: Readonly<Record<EventType, 'created' | 'deleted' | 'changed' | 'children'>> = {
  [Events.NODE_CREATED]: 'created',
  [Events.NODE_DELETED]: 'deleted',
  [Events.NODE_DATA_CHANGED]: 'changed',
  [Events.NODE_CHILDREN_CHANGED]: 'children',
};

/** Credentials that every connection of a session presents. */
interface Credentials {
  readonly scheme: string;
  readonly auth: Buffer;
}

/**
 * A ZooKeeper session over as many connections as it takes: it reconnects, arms the watches again
 * and knows, also without a server, when the session must have expired.
 */
export class Session {
  readonly chroot: Chroot;
  readonly watches = new WatchTable();
  readonly #options: SessionOptions;
  readonly #hosts: HostList;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #credentials: Credentials[] = [];
  #state: SessionState = { type: 'connecting' };
  #connection: Connection | undefined;
  /** Requests made while there is no connection; they go out with the next one. */
  #waiting: Request[] = [];
  #sessionId = 0n;
  #password: Buffer = Buffer.alloc(16);
  #lastZxid = 0n;
  #run: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.chroot = new Chroot(options.connect.chroot);
    this.#hosts = new HostList(options.connect.hosts, options.random);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The newest transaction that this session has seen. */
  get lastZxid(): bigint {
    return this.#lastZxid;
  }

  /** True when no state follows: closed, refused, or expired and not renewed. */
  get ended(): boolean {
    const { type } = this.#state;
    return (
      type === 'closed' ||
      type === 'auth-failed' ||
      (type === 'expired' && !this.#renews(this.#state))
    );
  }

  /** Calls `listener` at each change of the state, until the returned function is called. */
  onState(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts connecting; the state tells how it goes. */
  start(): void {
    this.#run = this.#keepConnected();
  }

  /** Sends a request, or keeps it for the next connection; one after the session's end fails. */
  send(request: Request): void {
    const state = this.#state;
    if (this.#connection !== undefined) this.#connection.send(request);
    else if (state.type === 'connecting' || state.type === 'disconnected' || this.#renews(state))
      this.#waiting.push(request);
    else request.fail(finalError(state, request));
  }

  /** Presents credentials now and at every reconnect. */
  authenticate(scheme: string, auth: Buffer): Promise<void> {
    const credentials = { scheme, auth };
    this.#credentials.push(credentials);
    return new Promise((resolve, reject) => {
      if (this.#connection === undefined)
        resolve(); // goes out first with the next connection
      else this.#connection.send(this.#authRequest(credentials, resolve, reject));
    });
  }

  /** Ends the session: its ephemerals go at once. Idempotent; never throws. */
  async close(): Promise<void> {
    if (this.#state.type === 'closed') return this.#run;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#apply({ type: 'closed' });
    if (connection !== undefined) {
      await Promise.race([
        new Promise<void>((done) =>
          connection.send(
            requestOf(
              'closeSession',
              undefined,
              undefined,
              () => done(),
              () => done(),
            ),
          ),
        ),
        pause(CLOSE_TIMEOUT, this.#stop.signal),
      ]);
      connection.destroy(new Error('the client was closed'));
    }
    this.#stop.abort();
    await this.#run;
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !this.ended) {
      const { host, wrapped } = this.#hosts.next();
      const server = `${host.host}:${host.port}`;
      try {
        if (wrapped) await pause(WRAPPED_PAUSE, signal);
        const attempt = AbortSignal.any([signal, AbortSignal.timeout(this.#connectTimeout())]);
        const hello = {
          protocolVersion: 0,
          lastZxidSeen: this.#lastZxid,
          timeout: this.#options.timeout,
          sessionId: this.#sessionId,
          password: this.#password,
          readOnly: false,
        };
        const { connection, response } = await Connection.open(host, hello, attempt);
        if (response.timeout <= 0) {
          connection.destroy(new Error('the session has expired'));
          this.#expire();
          continue;
        }
        await this.#live(connection, response, server);
      } catch (cause) {
        if (signal.aborted) break;
        this.#options.logger.debug({ server, err: cause }, 'could not connect');
      }
      this.#expireByClock();
      await pause(this.#options.random() * RECONNECT_JITTER, signal);
      this.#expireByClock();
    }
    this.#failWaiting();
  }

  /** Runs a connection until its end. */
  #live(connection: Connection, response: ConnectResponse, server: string): Promise<void> {
    if (this.ended) {
      connection.destroy(new Error('the client was closed'));
      return Promise.resolve();
    }
    this.#hosts.connected();
    this.#sessionId = response.sessionId;
    this.#password = Buffer.from(response.password ?? Buffer.alloc(16));
    const ended = new Promise<void>((resolve) => {
      connection.start(response.timeout, {
        reached: (zxid) => {
          if (zxid > this.#lastZxid) this.#lastZxid = zxid;
        },
        notified: (event, zxid) => this.#notify(event, zxid),
        lost: (cause) => {
          if (this.#connection === connection) this.#connection = undefined;
          this.#apply({ type: 'connection-lost', at: performance.now() });
          if (!this.ended) this.#options.logger.warn({ server, err: cause }, 'connection lost');
          resolve();
        },
      });
    });
    for (const credentials of this.#credentials)
      connection.send(
        this.#authRequest(
          credentials,
          () => {},
          () => {},
        ),
      );
    this.#rearm(connection);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) connection.send(request);
    this.#connection = connection;
    this.#apply({
      type: 'established',
      sessionId: response.sessionId,
      timeout: response.timeout,
      server,
      readOnly: response.readOnly ?? false,
    });
    // The server arms persistent watches without a word of what they missed.
    for (const watcher of this.watches.persistent()) watcher({ type: 'reset' });
    return ended;
  }

  #rearm(connection: Connection): void {
    for (const batch of this.watches.rearm(this.#lastZxid)) {
      const { persistent, persistentRecursive, ...old } = batch;
      const refused = (error: ZooKeeperError) => {
        // Without its watches the session is deaf: begin again with another connection.
        if (error.code !== 'CONNECTION_LOSS') connection.destroy(error);
      };
      const isNew = persistent.length > 0 || persistentRecursive.length > 0;
      connection.send(
        isNew
          ? requestOf('setWatches2', batch, undefined, () => {}, refused)
          : requestOf('setWatches', old, undefined, () => {}, refused),
      );
    }
  }

  #notify(event: { readonly type: number; readonly path: string }, zxid: bigint): void {
    const type = eventNames[event.type as EventType];
    if (type === undefined) return; // an event of a later version: no watcher could make sense of it
    const told: WatchEvent = { type, path: this.chroot.strip(event.path), zxid };
    // Not `#lastZxid`: other events of the same transaction may be lost with the connection, and a
    // server would not catch up on what we claim to have seen.
    for (const watcher of this.watches.concerned(event.type, event.path)) watcher(told);
  }

  /** The session is gone, a server says so. */
  #expire(): void {
    this.#sessionId = 0n;
    this.#password = Buffer.alloc(16);
    this.#apply({ type: 'session-expired' });
    const lost: Set<Watcher> = this.watches.takeOneShot();
    for (const watcher of lost) watcher({ type: 'reset' });
    this.#failWaiting();
  }

  /** Without a server for 4/3 of the timeout, the session is gone whatever a server would say. */
  #expireByClock(): void {
    const state = this.#state;
    if (state.type !== 'disconnected') return;
    if (performance.now() - state.since >= (state.timeout * 4) / 3) this.#expire();
  }

  #failWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) request.fail(finalError(this.#state, request));
  }

  /** A share of the session's timeout for each server, so that all can be tried within it. */
  #connectTimeout(): number {
    return Math.max(100, this.#options.timeout / this.#hosts.size);
  }

  #renews(state: SessionState): boolean {
    return state.type === 'expired' && this.#options.onExpired === 'renew';
  }

  #authRequest(
    { scheme, auth }: Credentials,
    done: () => void,
    failed: (error: ZooKeeperError) => void,
  ): Request {
    const body = { type: 0, scheme, auth };
    const fail = (error: ZooKeeperError) => {
      if (error.code === 'AUTH_FAILED') this.#apply({ type: 'auth-refused' });
      failed(error);
    };
    return { ...requestOf('auth', body, undefined, done, fail), xid: Xid.AUTH };
  }

  #apply(event: SessionEvent): void {
    const next = transition(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.#options.logger.debug({ state: next.type }, 'session');
    for (const listener of this.#listeners) listener(next);
  }
}

function finalError(state: SessionState, { operation, path }: Request): ZooKeeperError {
  if (state.type === 'closed') return new ZooKeeperError('CLOSED', { operation, path });
  if (state.type === 'auth-failed') return new ZooKeeperError('AUTH_FAILED', { operation, path });
  return new ZooKeeperError('SESSION_EXPIRED', { operation, path });
}
