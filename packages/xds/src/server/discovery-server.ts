import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import type { Node } from '../codec/messages.ts';
import { type Clock, type Logger, SILENT } from '../logger.ts';
import { formatHostPort, type HostPort } from '../resources/host-port.ts';
import type { ResourceChanges } from '../resources/resources.ts';
import { XdsError } from '../xds-error.ts';
import { Admission, type AdmissionLimit } from './admission.ts';
import { CLIENT_STATUS_SERVICE, clientStatusHandlers } from './client-status.ts';
import { Connection, type ConnectionContext } from './connection.ts';
import { DiscoveryStream, type StreamContext } from './discovery-stream.ts';
import { drainSteps } from './drain.ts';
import { FlushQueue } from './flush-queue.ts';
import { Framer } from './framer.ts';
import { Interests } from './interests.ts';
import { LOAD_SERVICE, LoadReports } from './load-reports.ts';
import type { XdsObserver } from './observer.ts';
import type { ProxyStatus, ResourceNames, StreamResources } from './proxy-status.ts';
import type { ResourceStore } from './resource-store.ts';
import { type DiscoveryMethod, METHODS, SERVICES } from './services.ts';
import { Throttle } from './throttle.ts';

/** How a discovery server listens, and what it puts up with. */
export interface DiscoveryServerOptions {
  /** Where to listen; port 0 takes a free one. */
  readonly listen: HostPort;
  /** Default: no TLS. */
  readonly credentials?: ServerCredentials;
  /** Default: says nothing. */
  readonly logger?: Logger;
  readonly observer?: XdsObserver;
  /** Default `Date.now`. */
  readonly clock?: Clock;
  /** Milliseconds after which a stream that takes nothing is ended. Default 30,000. */
  readonly stallTimeout?: number;
  /** Milliseconds between pings of a connection. Default 20,000. */
  readonly keepalive?: number;
  /** Milliseconds that a ping's answer has; without one the connection is ended. Default 10,000. */
  readonly keepaliveTimeout?: number;
  /**
   * Milliseconds after which a connection is ended, give or take a tenth, so that proxies spread
   * over replicas that came later. Default an hour.
   */
  readonly maxConnectionAge?: number;
  /**
   * How many streams may begin; the others are told to come back (UNAVAILABLE). Default 250 a
   * second, 500 at once.
   */
  readonly admission?: AdmissionLimit;
  /** Milliseconds between two load reports of a client. Default 10,000. */
  readonly loadReportInterval?: number;
  /**
   * Milliseconds over which `close()` ends the streams, when there are many: a thousand a second
   * are ended where that is sooner. Default 5,000.
   */
  readonly drainTimeout?: number;
}

/** Requests may be so long, in bytes: 30,000 names with their versions. */
const MAX_REQUEST = 4 * 1024 * 1024;
/** Milliseconds from one time that all streams are gone through to the next. */
const UNCONCERNED = 100;
/** Milliseconds that connections have to end, once their streams have. */
const LINGER = 1000;

/**
 * The xDS protocol over gRPC, for any store: ADS and one service a type, state of the world and
 * incremental; and CSDS, which
 * tells what clients made of it, and LRS, by which they report their load. Nothing is answered before the first {@link DiscoveryServer.changed}.
 */
export class DiscoveryServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Map<number, Connection>();
  readonly #queue = new FlushQueue();
  readonly #interests = new Interests();
  readonly #streams: StreamContext;
  readonly #sweeper: NodeJS.Timeout;
  readonly #context: ConnectionContext;
  /** Those whom nothing of a revision concerns have applied it as well, which the observer is told. */
  readonly #unconcerned = new Throttle(UNCONCERNED, () =>
    this.#queue.addAll(this.#connections.values()),
  );
  readonly #admission: Admission;
  readonly #loadReports: LoadReports;
  readonly #drainTimeout: number;
  #ready = false;
  #revision = 0;
  #serial = 0;
  #address: HostPort;
  #closing: Promise<void> | undefined;

  private constructor(store: ResourceStore, options: DiscoveryServerOptions) {
    const { logger = SILENT, observer = {}, clock = Date.now, stallTimeout = 30_000 } = options;
    const { maxConnectionAge = 3_600_000 } = options;
    this.#streams = {
      store,
      framers: { sotw: new Framer('sotw'), delta: new Framer('delta') },
      interests: this.#interests,
      revision: () => this.#revision,
    };
    this.#address = options.listen;
    this.#drainTimeout = options.drainTimeout ?? 5000;
    this.#admission = new Admission(options.admission ?? { perSecond: 250, burst: 500 });
    this.#server = new Server({
      'grpc.max_receive_message_length': MAX_REQUEST,
      'grpc.keepalive_time_ms': options.keepalive ?? 20_000,
      'grpc.keepalive_timeout_ms': options.keepaliveTimeout ?? 10_000,
      'grpc.max_concurrent_streams': 100,
      'grpc.max_connection_age_ms': maxConnectionAge,
      // Streams don't end by themselves, so that waiting for them is of no use.
      'grpc.max_connection_age_grace_ms': Math.min(5000, maxConnectionAge / 10),
    });
    const isReady = () => this.#ready;
    const closed = (connection: Connection) => {
      this.#connections.delete(connection.serial);
      this.#queue.delete(connection);
    };
    this.#context = { clock, logger, observer, isReady, closed };
    // Also flushes what an acknowledgement that never came held back.
    this.#sweeper = setInterval(() => {
      for (const connection of this.#connections.values()) connection.endIfStalled(stallTimeout);
      this.#queue.addAll(this.#connections.values());
    }, 1000).unref();
    const handlers = METHODS.map((method) => {
      const accept = (call: ServerDuplexStream<Buffer, Buffer>) => this.#accept(method, call);
      return [method.path, accept] as const;
    });
    this.#server.addService(SERVICES, Object.fromEntries(handlers));
    const names = (node: Node) => store.view(node).cluster.list.map(({ name }) => name);
    this.#loadReports = new LoadReports({
      interval: options.loadReportInterval ?? 10_000,
      clusters: names,
      reported: (reports) => observer.loadReported?.(reports),
    });
    this.#server.addService(LOAD_SERVICE, this.#loadReports.handlers());
    const clients = () => [...this.#connections.values()].flatMap((each) => each.resources() ?? []);
    this.#server.addService(CLIENT_STATUS_SERVICE, clientStatusHandlers(clients));
  }

  /**
   * Starts one.
   *
   * @throws XdsError `listen-failed`; the signal's reason.
   */
  static async start(
    store: ResourceStore,
    options: DiscoveryServerOptions,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<DiscoveryServer> {
    signal?.throwIfAborted();
    const server = new DiscoveryServer(store, options);
    try {
      await server.#listen(options.listen, options.credentials);
      signal?.throwIfAborted();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** Where it listens. */
  get address(): HostPort {
    return this.#address;
  }

  /**
   * The store has changed at these names; they are sent to whoever subscribes to them.
   * @param revision the oldest revision of the snapshot that these changes belong to
   * @throws XdsError `closed`
   */
  changed(changes: ResourceChanges, revision = 0): void {
    if (this.#closing !== undefined) throw new XdsError('closed', 'The xDS server was closed');
    const first = !this.#ready;
    this.#ready = true;
    this.#interests.changed(changes, revision);
    if (first) this.#queue.addAll(this.#connections.values());
  }

  /** All changes up to that revision have been passed to {@link changed}. */
  told(revision: number): void {
    if (revision === this.#revision) return;
    this.#revision = revision;
    this.#context.observer.served?.(revision);
    this.#unconcerned.request();
  }

  /** The revision up to which all changes have been passed to {@link changed}. */
  get revision(): number {
    return this.#revision;
  }

  /** One of the streams, by its serial; undefined when it is gone. */
  proxy(stream: number): ProxyStatus | undefined {
    return this.#connections.get(stream)?.status();
  }

  /** What one of the streams has, resource by resource; undefined when it is gone. */
  resources(stream: number, only?: ResourceNames): StreamResources | undefined {
    return this.#connections.get(stream)?.resources(only);
  }

  /** The data planes that are connected. */
  proxies(): ProxyStatus[] {
    return [...this.#connections.values()].flatMap((connection) => connection.status() ?? []);
  }

  /**
   * Stops listening and tells the proxies to go elsewhere, not all at once. Until its turn comes
   * each is served what there is.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #listen(at: HostPort, credentials = ServerCredentials.createInsecure()): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(formatHostPort(at), credentials, (cause, bound) => {
        const told = `Can't listen on ${formatHostPort(at)}: ${cause?.message}`;
        if (cause === null) resolve(bound);
        else reject(new XdsError('listen-failed', told, { cause }));
      });
    });
    this.#address = { host: at.host, port };
  }

  #accept(method: DiscoveryMethod, call: ServerDuplexStream<Buffer, Buffer>): void {
    if (this.#closing !== undefined) {
      refuse(call, 'The server is going away');
      return;
    }
    const wait = this.#admission.admit(this.#context.clock());
    if (wait > 0) {
      refuse(call, 'Too many streams begin at once', wait);
      return;
    }
    const serial = ++this.#serial;
    const wake = () => this.#queue.add(connection);
    const { store } = this.#streams;
    const context = { ...this.#streams, store: { view: (node: Node) => store.view(node, method) } };
    const stream = new DiscoveryStream(method.variant, context, wake);
    const connection = new Connection(call, method, stream, serial, this.#context);
    this.#connections.set(serial, connection);
  }

  async #close(): Promise<void> {
    // Says GOAWAY: whoever is told to leave below comes back by another connection.
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    for await (const count of drainSteps(() => this.#connections.size, this.#drainTimeout))
      for (const connection of [...this.#connections.values()].slice(0, count))
        connection.end('The server is going away');
    clearInterval(this.#sweeper);
    this.#queue[Symbol.dispose]();
    this.#unconcerned[Symbol.dispose]();
    this.#loadReports.end();
    const force = setTimeout(() => this.#server.forceShutdown(), LINGER);
    await closed;
    clearTimeout(force);
  }
}

/** Ends a call before it began, with when to try again. */
function refuse(call: ServerDuplexStream<Buffer, Buffer>, details: string, wait = 0): void {
  const metadata = new Metadata();
  metadata.set('grpc-retry-pushback-ms', `${wait}`);
  call.emit('error', { code: status.UNAVAILABLE, details, metadata });
}
