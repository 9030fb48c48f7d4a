import type { ConnectRequest } from '@meshkeeper/jute';
import { formatHostPort, type HostPort } from '../connect-string.ts';
import type { Logger } from '../logger.ts';
import { isZooKeeperError } from '../zookeeper-error.ts';
import { type AttemptOptions, attempt, type Established } from './attempt.ts';
import { ConnectFailure } from './connect-failure.ts';
import { HostList } from './host-list.ts';
import { pause } from './pause.ts';
import { findReadWrite } from './read-write-search.ts';

/** What a reconnector needs to know. */
export interface ReconnectorOptions extends AttemptOptions {
  readonly hosts: readonly HostPort[];
  /** See `ConnectOptions.reconnectJitter`. */
  readonly reconnectJitter: number;
  readonly logger: Logger;
  readonly random: () => number;
}

/** The session that is kept connected. */
export interface Reconnected {
  /** True when it wants no connection any more. */
  readonly ended: boolean;
  /** What to show at the next handshake. */
  hello(): ConnectRequest;
  /** A server has no such session any more. */
  expired(): void;
  /** Better leave the present connection. */
  leave(why: string): void;
  /** A server refuses its credentials. */
  refused(cause: Error): void;
  /** Runs a connection until its end, and tells what that was. */
  live(established: Established, server: string): Promise<Error>;
}

/** Extra pause each time that every server was tried in vain. */
const WRAPPED_PAUSE = 1000;
/** However many servers there are, each gets so many milliseconds to answer. */
const MIN_CONNECT_TIMEOUT = 100;

/** Keeps a session connected: one server after the other, with pauses, until the session ends. */
export class Reconnector {
  readonly #options: ReconnectorOptions;
  readonly #session: Reconnected;
  readonly #hosts: HostList;
  readonly #stop = new AbortController();
  #attempt = new AbortController();
  /** The server that is tried or connected. */
  #current: HostPort | undefined;
  #connected = false;
  #lastFailure: Error | undefined;

  constructor(options: ReconnectorOptions, session: Reconnected) {
    this.#options = options;
    this.#session = session;
    this.#hosts = new HostList(options.hosts, options.random);
  }

  /** Why there is no connection; undefined while there is one. */
  get lastFailure(): Error | undefined {
    if (this.#lastFailure !== undefined || this.#connected || this.#current === undefined)
      return this.#lastFailure;
    return new ConnectFailure(formatHostPort(this.#current), new Error('no answer yet'));
  }

  /** Runs until the session has ended, or `stop`. Never throws. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !this.#session.ended) {
      const { host, wrapped } = this.#hosts.next();
      if (wrapped) await pause(WRAPPED_PAUSE, signal);
      await this.#visit(host);
      if (signal.aborted || this.#session.ended) return;
      await pause(this.#options.random() * this.#options.reconnectJitter, signal);
    }
  }

  /**
   * Takes a new list of servers. True when the present connection has to be left for another, so that
   * clients spread evenly; an attempt at a server that has to be left is given up here.
   */
  update(hosts: readonly HostPort[]): boolean {
    const moves = this.#hosts.update(hosts, this.#current ?? this.#options.hosts[0]!);
    if (moves && !this.#connected) this.abortAttempt(new Error('the list of servers has changed'));
    return moves && this.#connected;
  }

  /** Ends the attempt that is under way; another one follows. */
  abortAttempt(reason: Error): void {
    this.#attempt.abort(reason);
  }

  /** Ends the attempts. */
  stop(): void {
    this.#stop.abort();
    this.#attempt.abort(new Error('the client was closed'));
  }

  /** A connection from its beginning to its end, or the failure to get one. */
  async #visit(host: HostPort): Promise<void> {
    const server = formatHostPort(host);
    this.#current = host;
    this.#connected = false;
    try {
      const established = await this.#try(host);
      if (established.response.timeout <= 0) {
        established.connection.destroy(new Error('the session has expired'));
        this.#session.expired();
        return;
      }
      this.#connected = true;
      this.#hosts.connected();
      this.#lastFailure = undefined;
      const search = established.response.readOnly ? this.#searchReadWrite() : undefined;
      const end = await this.#session.live(established, server);
      search?.abort();
      this.#connected = false;
      this.#lastFailure = new ConnectFailure(server, end);
    } catch (cause) {
      if (this.#stop.signal.aborted) return;
      const failure = new ConnectFailure(server, cause);
      this.#lastFailure = failure;
      this.#options.logger.debug({ server, err: cause }, 'could not connect');
      if (isZooKeeperError(cause, 'AUTH_FAILED')) this.#session.refused(failure);
    }
  }

  /** Leaves a read-only server as soon as another one is found; until the controller aborts. */
  #searchReadWrite(): AbortController {
    const search = new AbortController();
    const { network } = this.#options;
    void findReadWrite(() => this.#hosts.all, network, search.signal).then((host) => {
      if (host === undefined || search.signal.aborted) return;
      this.#hosts.prefer(host);
      this.#session.leave(`${formatHostPort(host)} serves writes again`);
    });
    return search;
  }

  async #try(host: HostPort): Promise<Established> {
    this.#stop.signal.throwIfAborted();
    const controller = new AbortController();
    this.#attempt = controller;
    const hello = this.#session.hello();
    // A share of the session's timeout for each server, so that all can be tried within it.
    const share = Math.max(MIN_CONNECT_TIMEOUT, Math.round(hello.timeout / this.#hosts.size));
    const late = () => controller.abort(new Error(`no answer within ${share} ms`));
    const timer = setTimeout(late, share);
    try {
      return await attempt(host, hello, this.#options, controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
