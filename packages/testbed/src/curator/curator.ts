import { type JavaDriver, startJavaDriver } from '../process/java-driver.ts';
import { JavaFace } from '../process/java-face.ts';
import type { CuratorState, Driver } from './driver.ts';
import type { CuratorInstance, InstanceOptions } from './instance.ts';
import { CuratorLocks } from './locks.ts';
import { CuratorRecipes } from './recipes.ts';

/** How a Curator client is started. */
export interface CuratorOptions {
  /** ZooKeeper's connect string. */
  connect: string;
  /** Session timeout to ask for, in milliseconds. Default 4,000. */
  sessionTimeout?: number | undefined;
  /** Milliseconds to wait for the first connection. Default 20,000. */
  connectTimeout?: number | undefined;
  /** Where the services are. Default `/services`. */
  basePath?: string | undefined;
  /** Writes `enabled` in instances, which Curator leaves out by default. Default false. */
  writeEnabled?: boolean | undefined;
  /** Gives the start up. A Curator that runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/** Gives up waiting for a reply. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** The kind of znode that {@link Curator.create} makes: Java's CreateMode. */
export type CreateMode =
  | 'PERSISTENT'
  | 'PERSISTENT_SEQUENTIAL'
  | 'EPHEMERAL'
  | 'EPHEMERAL_SEQUENTIAL'
  | 'CONTAINER';

/**
 * Starts a JVM with the real Apache Curator, connected to ZooKeeper.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startCurator(options: CuratorOptions): Promise<Curator> {
  const { connect, sessionTimeout = 4_000, connectTimeout = 20_000, signal } = options;
  const { basePath = '/services', writeEnabled = false } = options;
  const fields = { connect, sessionTimeout, connectTimeout, basePath, writeEnabled };
  const started = await startJavaDriver({
    component: 'curator',
    name: 'Curator',
    main: 'io.meshkeeper.testbed.CuratorDriver',
    first: { command: 'connect', fields },
    signal,
  });
  return new Curator(started);
}

/** The real Apache Curator: service discovery, locks and znodes in one session. */
export class Curator extends JavaFace {
  /** Locks of every kind. */
  readonly locks: CuratorLocks;
  /** Elections, groups, counters, barriers and queues. */
  readonly recipes: CuratorRecipes;
  readonly #driver: Driver;

  /** For {@link startCurator}. */
  constructor(started: JavaDriver) {
    super(started);
    const { driver } = started;
    this.#driver = driver;
    this.locks = new CuratorLocks(driver);
    this.recipes = new CuratorRecipes(driver);
  }

  /** What Curator last said about its connection. */
  get state(): CuratorState | undefined {
    return this.#driver.state;
  }

  /** Registers an instance, and returns it as Curator wrote it. */
  async register(instance: InstanceOptions, options?: CallOptions): Promise<CuratorInstance> {
    const written = await this.#driver.request('register', { instance }, options);
    return written as CuratorInstance; // Written by Curator's serializer, as the next three.
  }

  /** Replaces an instance that this Curator has registered: setData on the same znode. */
  async update(
    instance: InstanceOptions & { id: string },
    options?: CallOptions,
  ): Promise<CuratorInstance> {
    return (await this.#driver.request('update', { instance }, options)) as CuratorInstance;
  }

  /** Removes an instance that this Curator has registered. */
  async unregister(id: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('unregister', { instance: id }, options);
  }

  /** All instances of a service, as Curator reads them. Fails if one of them is not readable. */
  async query(name: string, options?: CallOptions): Promise<CuratorInstance[]> {
    return (await this.#driver.request('query', { name }, options)) as CuratorInstance[];
  }

  /** The names of all services. */
  async names(options?: CallOptions): Promise<string[]> {
    return (await this.#driver.request('names', {}, options)) as string[];
  }

  /**
   * Takes an InterProcessMutex; false if it is not free in `timeout` ms (default 10,000). One
   * Curator can take the same lock again, and must then release it as often.
   */
  async acquire(lock: string, options: CallOptions & { timeout?: number } = {}): Promise<boolean> {
    const { timeout = 10_000, signal } = options;
    return (await this.#driver.request('acquire', { lock, timeout }, { signal })) === true;
  }

  /** Gives an InterProcessMutex back. */
  async release(lock: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('release', { lock }, options);
  }

  /** A znode's data. */
  async get(path: string, options?: CallOptions): Promise<Buffer> {
    return Buffer.from(String(await this.#driver.request('get', { path }, options)), 'base64');
  }

  /** Replaces a znode's data, whatever its version. */
  async set(path: string, data: string | Uint8Array, options?: CallOptions): Promise<void> {
    await this.#driver.request('set', { path, data: base64(data) }, options);
  }

  /** Creates a znode, and its parents if need be, and returns its path. Default `PERSISTENT`. */
  async create(
    path: string,
    data: string | Uint8Array = '',
    options: CallOptions & { mode?: CreateMode } = {},
  ): Promise<string> {
    const { mode = 'PERSISTENT', signal } = options;
    const fields = { path, data: base64(data), mode };
    return String(await this.#driver.request('create', fields, { signal }));
  }

  /** Deletes a znode, whatever its version. */
  async delete(path: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('delete', { path }, options);
  }

  /** The session's id as `0x…`, as `ephemeralOwner` shows it. */
  async sessionId(options?: CallOptions): Promise<string> {
    return String(await this.#driver.request('sessionId', {}, options));
  }
}

function base64(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64');
}
