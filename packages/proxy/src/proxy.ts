import { type Locality, NO_LOCALITY } from '@meshkeeper/mesh';
import { formatHostPort, LISTENER_KEYS, type XdsBatch, XdsClient } from '@meshkeeper/xds';
import { DataPlane } from './data-plane.ts';
import { type Logger, SILENT } from './logger.ts';
import type { ProxyObserver } from './observer.ts';
import { ProxyError } from './proxy-error.ts';
import type { EmbeddedProxy, EndpointStatus, ProxyOptions, ProxyStatus } from './proxy-options.ts';
import type { Endpoint } from './upstream/endpoint.ts';

const DRAIN_TIMEOUT = 1_500;
const READY_TIMEOUT = 10_000;

/**
 * Starts an embedded data plane: connects to the control plane by delta ADS, and serves what that
 * says. Resolves when the first configuration is complete and its listeners are bound. It goes on
 * with its last good configuration while the control plane is away.
 *
 * @throws ProxyError `port-busy` or `bind-failed` for a listener, `not-ready` after `readyTimeout`;
 * the signal's reason.
 */
export async function startProxy(
  options: ProxyOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<EmbeddedProxy> {
  signal?.throwIfAborted();
  const proxy = new RunningProxy(options);
  try {
    await proxy.ready(options.readyTimeout ?? READY_TIMEOUT, signal);
    return proxy;
  } catch (error) {
    await proxy.close({ drainTimeout: 0 });
    throw error;
  }
}

class RunningProxy implements EmbeddedProxy {
  readonly #options: ProxyOptions;
  readonly #logger: Logger;
  readonly #observer: ProxyObserver;
  readonly #plane: DataPlane;
  readonly #client: XdsClient;
  readonly #rejected = new Map<string, string>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #started = false;
  /** A listener could not be bound at the start, which ends it. */
  #failed = false;
  #closed: Promise<void> | undefined;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#observer = options.observer ?? {};
    this.#ready.promise.catch(() => {
      // Whoever starts the proxy hears of it; a later start failure has no listener.
    });
    this.#plane = new DataPlane({
      observer: this.#observer,
      now: options.clock ?? (() => performance.now()),
      random: options.random ?? Math.random,
      drainTimeout: options.drainTimeout ?? DRAIN_TIMEOUT,
      checked: () => this.#look(),
      certificateFailed: (listener, detail) => {
        this.#logger.warn({ listener, detail }, 'a certificate can’t be used');
        this.#observer.certificateFailed?.({ listener, detail });
      },
      node: { cluster: options.node.cluster, locality: localityOf(options) },
    });
    this.#client = new XdsClient({
      ...options.xds,
      node: { ...options.node, metadata: metadataOf(options) },
      usage: () => this.#plane.takeUsage(),
      logger: this.#logger,
    });
    this.#running = this.#run();
  }

  get listeners(): ReadonlyMap<string, { readonly address: string; readonly port: number }> {
    return this.#plane.listeners;
  }

  /** Resolves when the configuration is complete. */
  async ready(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, reject } = this.#ready;
    const aborted = () => reject(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    const timer = setTimeout(() => {
      // A check may take longer than whoever starts the proxy wants to wait.
      if (this.#plane.complete) this.#start();
      else reject(this.#notReady(timeout));
    }, timeout);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }
  }

  status(): ProxyStatus {
    const clusters = [...this.#plane.clusters].map(([name, cluster]) => {
      const endpoints = [...cluster.endpoints].map(endpointStatus);
      const { activeRequests, connections, panicking } = cluster;
      return { name, activeRequests, connections, panic: panicking.length > 0, endpoints };
    });
    const rejected = Object.fromEntries(this.#rejected);
    return { controlPlane: this.#client.state, rejected, clusters };
  }

  close(options: { readonly drainTimeout?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(
      options.drainTimeout ?? this.#options.drainTimeout ?? DRAIN_TIMEOUT,
    );
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(drainTimeout: number): Promise<void> {
    await this.#client.close();
    await this.#running;
    await this.#plane.close(drainTimeout);
  }

  async #run(): Promise<void> {
    for await (const batch of this.#client.updates()) {
      const problem = await this.#apply(batch);
      if (problem === undefined) {
        this.#rejected.delete(batch.type);
        batch.accept();
        this.#look();
      } else {
        this.#rejected.set(batch.type, problem);
        // The start has failed by it, and says so itself.
        const level = this.#failed ? 'info' : 'warn';
        this.#logger[level]({ type: batch.type, problem }, 'rejecting what the control plane sent');
        this.#observer.configRejected?.({ type: batch.type, message: problem });
        batch.reject(problem);
      }
    }
  }

  #look(): void {
    if (!this.#started && this.#plane.complete && this.#plane.warm) this.#start();
  }

  #start(): void {
    this.#started = true;
    this.#ready.resolve();
  }

  async #apply(batch: XdsBatch): Promise<string | undefined> {
    try {
      return await this.#plane.apply(batch);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#failed = !this.#started;
      this.#ready.reject(error);
      return error.message;
    }
  }

  #notReady(timeout: number): ProxyError {
    const address = formatHostPort(this.#options.xds.address);
    const { controlPlane, rejected } = this.status();
    const reasons = Object.entries(rejected).map(([type, problem]) => `${type}: ${problem}`);
    if (controlPlane.type === 'disconnected') reasons.push(controlPlane.reason);
    if (controlPlane.type === 'connecting') reasons.push('it has not answered');
    if (reasons.length === 0) reasons.push('the configuration is not complete');
    const message = `The control plane ${address} gave no usable configuration within ${timeout} ms: ${reasons.join('; ')}.`;
    return new ProxyError('not-ready', message);
  }
}

function endpointStatus(endpoint: Endpoint): EndpointStatus {
  const { address, port, pool, target, checks, ejected, leaving, load } = endpoint;
  return {
    ...{ address, port, connections: pool.size, idle: pool.idle },
    ...{ activeRequests: load?.active ?? 0, priority: target.priority, health: target.health },
    check: checks ? checks.status : 'none',
    ...{ checkFailure: checks?.detail, ejected, leaving },
  };
}

function localityOf({ node: { zone, locality } }: ProxyOptions): Locality {
  return { ...NO_LOCALITY, ...(zone !== undefined && { zone }), ...locality };
}

function metadataOf({ node, listeners = {} }: ProxyOptions): Record<string, string> {
  const metadata: Record<string, string> = { ...node.metadata };
  if (listeners.gateway) metadata[LISTENER_KEYS.gateway] = formatHostPort(listeners.gateway);
  if (listeners.outbound) metadata[LISTENER_KEYS.outbound] = formatHostPort(listeners.outbound);
  return metadata;
}
