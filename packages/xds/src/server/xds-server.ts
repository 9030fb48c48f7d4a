import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { ServiceChange, Snapshot } from '@meshkeeper/mesh';
import type { Node } from '../codec/messages.ts';
import { type ResourceType, resourceTypeOf } from '../codec/resource-type.ts';
import { type Clock, type Logger, SILENT } from '../logger.ts';
import { EnvoyResources, type ResourceChanges } from '../resources/envoy-resources.ts';
import { formatHostPort, type HostPort } from '../resources/host-port.ts';
import type { ResourceProblem } from '../resources/problem.ts';
import { scopeOf } from '../resources/scope.ts';
import { XdsError } from '../xds-error.ts';
import { Connection, type ConnectionContext } from './connection.ts';
import { Debounce } from './debounce.ts';
import { DiscoveryStream } from './discovery-stream.ts';
import { FlushQueue } from './flush-queue.ts';
import { Framer } from './framer.ts';
import type { XdsObserver } from './observer.ts';
import type { ProxyStatus, TypeStatus } from './proxy-status.ts';
import { METHODS, SERVICES } from './services.ts';

/** How the server is started. */
export interface XdsServerOptions {
  /** Where to listen; port 0 takes a free one. */
  readonly listen: HostPort;
  /** Default: no TLS. */
  readonly credentials?: ServerCredentials;
  /** Default: says nothing. */
  readonly logger?: Logger;
  readonly observer?: XdsObserver;
  /** Default `Date.now`. */
  readonly clock?: Clock;
  /**
   * How long clusters, listeners and routes wait for more of their kind, in milliseconds. Default
   * 10 of quiet, at most 100. Endpoints don't wait.
   */
  readonly debounce?: { readonly quiet: number; readonly max: number };
  /** Milliseconds after which a stream that takes nothing is ended. Default 30,000. */
  readonly stallTimeout?: number;
  /** Milliseconds between pings of a silent connection. Default 20,000; an answer has 10,000. */
  readonly keepalive?: number;
  /**
   * Milliseconds after which a connection is ended, give or take a tenth, so that proxies spread
   * over replicas that came later. Default an hour.
   */
  readonly maxConnectionAge?: number;
  /** Milliseconds that `close()` waits for connections to end. Default 1,000. */
  readonly drainTimeout?: number;
}

/** An xDS server: ADS and one service a type, state of the world and incremental. */
export interface XdsServer extends AsyncDisposable {
  /** Where it listens. */
  readonly address: HostPort;
  /** Endpoints and services that can't be told to Envoy, and why. */
  readonly problems: readonly ResourceProblem[];
  /**
   * Serves `snapshot`, which differs from the one before by `changes` (the first time: from none).
   * Nothing is answered before the first call.
   */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void;
  /** The data planes that are connected. */
  proxies(): ProxyStatus[];
  /** Ends all streams, so that the proxies go elsewhere, and stops listening. */
  close(): Promise<void>;
}

/** Requests may be so long, in bytes: 30,000 names with their versions. */
const MAX_REQUEST = 4 * 1024 * 1024;

/**
 * Starts an xDS server.
 *
 * @throws XdsError `listen-failed`; the signal's reason.
 */
export async function startXdsServer(
  options: XdsServerOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<XdsServer> {
  signal?.throwIfAborted();
  const { listen, credentials = ServerCredentials.createInsecure(), keepalive = 20_000 } = options;
  const server = new Server({
    'grpc.max_receive_message_length': MAX_REQUEST,
    'grpc.keepalive_time_ms': keepalive,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_concurrent_streams': 100,
    'grpc.max_connection_age_ms': options.maxConnectionAge ?? 3_600_000,
    'grpc.max_connection_age_grace_ms': 5000,
  });
  const running = new RunningServer(server, options);
  try {
    await running.listen(listen, credentials);
    signal?.throwIfAborted();
  } catch (error) {
    await running.close();
    throw error;
  }
  return running;
}

class RunningServer implements XdsServer {
  readonly #server: Server;
  readonly #resources = new EnvoyResources();
  readonly #connections = new Set<Connection>();
  readonly #queue = new FlushQueue();
  readonly #framers = { sotw: new Framer('sotw'), delta: new Framer('delta') };
  readonly #debounce: Debounce;
  readonly #sweeper: NodeJS.Timeout;
  readonly #context: ConnectionContext;
  readonly #drainTimeout: number;
  /** Changes that wait for the debounce. */
  #waiting: ResourceChanges[] = [];
  #ready = false;
  #serial = 0;
  #port = 0;
  #host = '';
  #closing: Promise<void> | undefined;

  constructor(server: Server, options: XdsServerOptions) {
    const { logger = SILENT, observer = {}, clock = Date.now } = options;
    const { debounce = { quiet: 10, max: 100 }, stallTimeout = 30_000 } = options;
    this.#server = server;
    this.#drainTimeout = options.drainTimeout ?? 1000;
    this.#debounce = new Debounce(debounce, () => this.#settle());
    const isReady = () => this.#ready;
    const closed = (connection: Connection) => {
      this.#connections.delete(connection);
      this.#queue.delete(connection);
    };
    this.#context = { clock, logger, observer, isReady, closed };
    // Also flushes what an acknowledgement that never came held back.
    this.#sweeper = setInterval(() => {
      for (const connection of this.#connections) connection.endIfStalled(stallTimeout);
      this.#queue.flush(this.#connections);
    }, 1000).unref();
    const handlers = METHODS.map((method) => {
      const accept = (call: ServerDuplexStream<Buffer, Buffer>) => {
        const views = (node: Node) => this.#resources.view(scopeOf(node));
        const stream = new DiscoveryStream(method.variant, this.#framers[method.variant], views);
        this.#connections.add(new Connection(call, method, stream, ++this.#serial, this.#context));
      };
      return [method.path, accept] as const;
    });
    server.addService(SERVICES, Object.fromEntries(handlers));
  }

  async listen(at: HostPort, credentials: ServerCredentials): Promise<void> {
    this.#host = at.host;
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(formatHostPort(at), credentials, (cause, port) => {
        const told = `Can't listen on ${formatHostPort(at)}: ${cause?.message}`;
        if (cause === null) resolve(port);
        else reject(new XdsError('listen-failed', told, { cause }));
      });
    });
  }

  get address(): HostPort {
    return { host: this.#host, port: this.#port };
  }

  get problems(): readonly ResourceProblem[] {
    return this.#resources.problems;
  }

  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    if (this.#closing !== undefined) throw new XdsError('closed', 'The xDS server was closed');
    const changed = this.#resources.apply(snapshot, changes);
    const endpoints = new Set<string>();
    for (const name of changed.get('endpoint') ?? [])
      if (snapshot.services.has(name)) endpoints.add(name);
    // A new or changed service's endpoints are subscribed to after its cluster; what is removed
    // goes with its cluster. Only changes to endpoints that are served already go at once.
    this.#waiting.push(changed);
    if (!this.#ready) {
      this.#ready = true;
      this.#settle();
      return;
    }
    if (endpoints.size > 0) this.#push(new Map([['endpoint', endpoints]]));
    if (changed.size > 1 || !changed.has('endpoint')) this.#debounce.request();
    else this.#waiting.pop();
  }

  proxies(): ProxyStatus[] {
    const proxies = [...this.#connections].flatMap((connection) => connection.status() ?? []);
    return this.#waiting.length === 0 ? proxies : proxies.map(awaiting);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Sends the configuration that has waited. */
  #settle(): void {
    const waiting = [...this.#waiting, this.#resources.settle()];
    this.#waiting = [];
    const all = new Map<ResourceType, Set<string>>();
    for (const changes of waiting)
      for (const [type, names] of changes) all.set(type, (all.get(type) ?? new Set()).union(names));
    this.#push(all);
  }

  #push(changes: ResourceChanges): void {
    for (const connection of this.#connections) connection.changed(changes);
    this.#queue.flush(this.#connections);
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#debounce[Symbol.dispose]();
    this.#queue[Symbol.dispose]();
    for (const connection of this.#connections) connection.end('The server is going away');
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, this.#drainTimeout);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }
}

/** The status while configuration waits for the debounce: it is under way, though not yet sent. */
function awaiting(proxy: ProxyStatus): ProxyStatus {
  const types = proxy.types.map((type): TypeStatus => {
    const waits = type.state === 'synced' && resourceTypeOf(type.typeUrl) !== 'endpoint';
    return waits ? { ...type, state: 'pending' } : type;
  });
  return { ...proxy, types };
}
