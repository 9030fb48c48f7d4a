import { hostname } from 'node:os';
import { type Config, type OutputOf, openConfig, type StandardSchema } from '@meshkeeper/config';
import { Egress } from '@meshkeeper/proxy';
import { formatHostPort, type HostPort } from '@meshkeeper/xds';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { DiskCache } from './cache/disk-cache.ts';
import { configOptions, type MeshConfigOptions } from './config/config-options.ts';
import type { Settings } from './connect/connect-options.ts';
import { MeshFetch } from './fetch/mesh-fetch.ts';
import { type MeshRequestInit, outgoing } from './fetch/outgoing.ts';
import type { LeaseOptions, Leases, MeshElection, MeshLease } from './leases/lease.ts';
import { drainOnSignal } from './register/drain-on-signal.ts';
import type { Registered } from './register/registered.ts';
import type { RegistrationOptions } from './register/registration-options.ts';
import { Registrations } from './register/registrations.ts';
import type { Registry } from './register/registry.ts';
import { SdkError } from './sdk-error.ts';
import { MeshService } from './service/mesh-service.ts';
import { ServiceWatch } from './service/service-watch.ts';
import { type MeshStatus, nextStatus, sameStatus } from './status/mesh-status.ts';
import { Latest } from './stream/latest.ts';
import type { SignalOption } from './stream/within.ts';

/** What a mesh is made of. */
export interface MeshParts {
  readonly settings: Settings;
  /** The control plane's xDS server. */
  readonly xds: HostPort;
  /** Undefined where the API stands for it. */
  readonly zk: ZooKeeper | undefined;
  readonly registry: Registry;
  readonly leases: Leases;
}

/**
 * This program's part in the mesh: what `connect` gives. It goes on with what it knows while the control plane is
 * away, and says so by {@link status}.
 */
export class Mesh implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #xds: HostPort;
  readonly #zk: ZooKeeper | undefined;
  readonly #leases: Leases;
  readonly #egress: Egress;
  readonly #watch: ServiceWatch;
  readonly #fetch: MeshFetch;
  readonly #cache: DiskCache | undefined;
  readonly #registrations: Registrations;
  readonly #configs = new Set<AsyncDisposable>();
  readonly #status: Latest<MeshStatus>;
  readonly #unlisten: (() => void) | undefined;
  #offSignals: (() => void) | undefined;
  /** Grows whenever a part moves. */
  readonly #moves = new Latest(0);
  /** It has been live, or has begun with what was kept: before that nothing of its state is news. */
  #begun = false;
  #closed: Promise<void> | undefined;

  /** Begins at once; see `connect`. */
  constructor({ settings, xds, zk, registry, leases }: MeshParts) {
    const { service, locality, logger, cacheDir, resolveTimeout, connectTimeout } = settings;
    this.#settings = settings;
    this.#xds = xds;
    this.#zk = zk;
    this.#leases = leases;
    this.#cache = cacheDir === undefined ? undefined : new DiskCache(cacheDir, service, logger);
    const since = Date.now();
    const what = [{ part: 'services', reason: 'no answer yet' }] as const;
    this.#status = new Latest<MeshStatus>({ state: 'stale', since, what }, sameStatus);
    this.#egress = new Egress({
      xds: { address: xds },
      node: {
        id: nodeId(service),
        cluster: service,
        ...(locality && { locality }),
      },
      onState: () => this.#judge(),
      onChange: () => this.#changed(),
      logger,
    });
    this.#watch = new ServiceWatch(this.#egress, resolveTimeout);
    this.#fetch = new MeshFetch(this.#egress, this.#watch);
    this.#registrations = new Registrations({
      ...{ registry, locality, logger, timeout: connectTimeout },
      service: service === '' ? undefined : service,
      begins: () => this.#listenToSignals(),
    });
    this.#unlisten = zk?.onState(() => this.#judge());
  }

  /** Whether what it knows is current, and what of it is not. */
  get status(): MeshStatus {
    return this.#status.value;
  }

  /** {@link status} now, and whenever it changes. Ends with the signal, or with the mesh. */
  statuses({ signal }: SignalOption = {}): AsyncIterableIterator<MeshStatus> {
    return this.#status.values(signal);
  }

  /** A service by its name in the catalog. */
  service(name: string): MeshService {
    return new MeshService(name, this.#watch, this.#fetch);
  }

  /**
   * The platform's `fetch`, for services of the mesh: `http://SERVICE/path`. Routes, retries, timeouts, ejection and
   * circuit breakers are what the mesh's policies say. What an endpoint answers is the response, whatever its
   * status; where none answers it fails. It can be passed on without its mesh.
   * @throws SdkError NO_SERVICE, NO_ROUTE, UNAVAILABLE, TIMEOUT, BAD_RESPONSE, BROKEN_OFF, REDIRECT, INVALID_ARGUMENT,
   *   CLOSED; the signal's reason
   */
  readonly fetch = async (
    input: string | URL | Request,
    init?: MeshRequestInit,
  ): Promise<Response> => {
    this.#throwIfClosed();
    return this.#fetch.send(outgoing(input, init));
  };

  /**
   * Registers an instance, and keeps it registered: also in another session, or where others have deleted it. When the
   * process is told to end (`drainOn`), everything that was registered is drained first; then the process ends as
   * it would have: by the signal, unless the application listens to that itself.
   * @throws SdkError INVALID_ARGUMENT, REFUSED, TIMEOUT, CLOSED; the signal's reason
   */
  async register(options: RegistrationOptions, { signal }: SignalOption = {}): Promise<Registered> {
    this.#throwIfClosed();
    return this.#registrations.add(options, { signal });
  }

  /**
   * Waits for a lock.
   * @throws SdkError TIMEOUT, LOST, INVALID_ARGUMENT, CLOSED; the signal's reason
   */
  async lock(name: string, options: LeaseOptions = {}): Promise<MeshLease> {
    this.#throwIfClosed();
    return this.#leases.lock(name, options);
  }

  /** Stands for leader until it is closed. @throws SdkError INVALID_ARGUMENT, CLOSED */
  elect(name: string, options: Pick<LeaseOptions, 'ttl'> = {}): MeshElection {
    this.#throwIfClosed();
    return this.#leases.elect(name, options);
  }

  /**
   * Opens the configuration of an application, live: from ZooKeeper itself where `connect` was told of one, else from
   * the control plane. Closed with the mesh.
   * @throws SdkError INVALID_ARGUMENT, CLOSED; ConfigError of `openConfig`
   */
  async config<S extends StandardSchema>(
    options: MeshConfigOptions<S> & { readonly schema: S },
    calling?: SignalOption,
  ): Promise<Config<OutputOf<S>>>;
  async config(
    options?: string | (Omit<MeshConfigOptions, 'schema'> & { readonly schema?: undefined }),
    calling?: SignalOption,
  ): Promise<Config<Readonly<Record<string, string>>>>;
  async config(
    options: string | MeshConfigOptions = {},
    calling: SignalOption = {},
  ): Promise<unknown> {
    this.#throwIfClosed();
    const given = typeof options === 'string' ? { application: options } : options;
    const opened = await openConfig(configOptions(given, this.#settings, this.#zk), calling);
    this.#configs.add(opened);
    return opened;
  }

  /** Drains everything that is registered, as a signal to end does. The signal ends the waiting. */
  drain(options: SignalOption = {}): Promise<void> {
    return this.#registrations.drain(options);
  }

  /**
   * Takes out what is registered, gives back locks and leadership, lets requests finish for up to `closeTimeout`, and
   * disconnects. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Resolves when the control plane has answered, or what was kept is in force instead. For `connect`.
   * @throws SdkError NOT_CONNECTED; the signal's reason
   */
  async ready(signal: AbortSignal | undefined): Promise<void> {
    const { connectTimeout, logger } = this.#settings;
    const kept = await this.#cache?.read();
    const over = AbortSignal.timeout(connectTimeout);
    const both = signal === undefined ? over : AbortSignal.any([signal, over]);
    for await (const _ of this.#moves.values(both)) {
      const { type } = this.#egress.state;
      if (type === 'live' && this.#zk?.state.type !== 'connecting') break;
      if (type === 'disconnected' && kept) break;
    }
    signal?.throwIfAborted();
    this.#begun = true;
    if (this.#egress.state.type === 'live') {
      this.#say();
      return;
    }
    if (!kept) throw this.#notConnected();
    try {
      await this.#egress.restore(kept);
    } catch (cause) {
      logger.warn({ err: cause }, 'what was kept can not be used');
      throw this.#notConnected(cause);
    }
    this.#say(`what was known at ${new Date(kept.at).toISOString()} is in force`);
  }

  async #close(): Promise<void> {
    this.#offSignals?.();
    await this.#registrations.close();
    await this.#leases.close();
    await Promise.all(Array.from(this.#configs, (config) => config[Symbol.asyncDispose]()));
    this.#unlisten?.();
    await this.#cache?.flush();
    await this.#egress.close({ drainTimeout: this.#settings.closeTimeout });
    this.#watch.end();
    this.#status.end();
    await this.#zk?.close();
  }

  #changed(): void {
    this.#watch.changed();
    this.#cache?.soon(() => ({ ...this.#egress.snapshot(), xds: this.#xds }));
  }

  #judge(): void {
    if (this.#closed) return;
    this.#moves.set(this.#moves.value + 1);
    const parts = { xds: this.#egress.state, zookeeper: this.#zk?.state };
    const before = this.#status.value.state;
    const changed = this.#status.set(nextStatus(this.#status.value, parts, Date.now()));
    if (changed && this.#begun && (this.status.state !== before || before === 'stale')) this.#say();
  }

  /** One line for each change. */
  #say(remark?: string): void {
    const { state, what } = this.status;
    const { logger } = this.#settings;
    if (state === 'live') logger.info({}, 'the mesh is live');
    else
      logger.warn(
        { what, ...(remark && { remark }) },
        'the mesh is stale: what was known last is in force',
      );
  }

  #listenToSignals(): void {
    const { drainOn } = this.#settings;
    if (drainOn.length === 0) return;
    this.#offSignals ??= drainOnSignal(drainOn, async (signal) => {
      await this.drain({ signal });
      await this.close();
    });
  }

  #notConnected(cause?: unknown): SdkError {
    const { connectTimeout, cacheDir } = this.#settings;
    const { state } = this.#egress;
    const why = state.type === 'disconnected' ? `: ${state.reason}` : '';
    const kept =
      cacheDir === undefined
        ? 'With cacheDir a program that has been connected once starts without it.'
        : `Nothing is kept in ${cacheDir} from before.`;
    return new SdkError(
      'NOT_CONNECTED',
      `No control plane answers at ${formatHostPort(this.#xds)} within ${connectTimeout} ms${why}. Start one with "meshkeeper up", or say where it is with connect({ server, xds }) or MESHKEEPER_SERVER and MESHKEEPER_XDS. ${kept}`,
      { cause },
    );
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new SdkError('CLOSED', 'The mesh was closed: connect again.');
  }
}

function nodeId(service: string): string {
  const unique = Math.random().toString(36).slice(2, 8);
  return `${service || 'program'}-${hostname()}-${process.pid}-${unique}`;
}
