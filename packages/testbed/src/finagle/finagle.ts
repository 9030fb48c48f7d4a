import { randomUUID } from 'node:crypto';
import type { CallOptions } from '../curator/curator.ts';
import type { Driver } from '../curator/driver.ts';
import { type JavaDriver, startJavaDriver } from '../process/java-driver.ts';
import { JavaFace } from '../process/java-face.ts';

/** How a Finagle is started. */
export interface FinagleOptions {
  /** ZooKeeper's `host:port`. */
  connect: string;
  /** Session timeout to ask for, in milliseconds. Default 4,000, as Finagle's. */
  sessionTimeout?: number | undefined;
  /** Milliseconds to wait for the first connection. Default 20,000. */
  connectTimeout?: number | undefined;
  /** Gives the start up. What runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/** A host and its port. */
export interface FinagleEndpoint {
  host: string;
  port: number;
}

/** What a member joins a serverset with. */
export interface FinagleMember {
  /** Of the serverset. */
  path: string;
  address: FinagleEndpoint;
  /** By their names. */
  additional?: Readonly<Record<string, FinagleEndpoint>> | undefined;
  shard?: number | undefined;
  /** Needs a shard. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** What a serverset resolves to. */
export interface FinagleResolution {
  /** `bound`, or Finagle's `Neg`, `Pending` or `Failed(…)`. */
  state: string;
  addresses?: { address: string; port: number; weight: number }[];
}

/**
 * Starts a JVM with the real Finagle's serversets, connected to ZooKeeper.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startFinagle(options: FinagleOptions): Promise<Finagle> {
  const { connect, sessionTimeout = 4_000, connectTimeout = 20_000, signal } = options;
  const started = await startJavaDriver({
    component: 'finagle',
    name: 'Finagle',
    main: 'io.meshkeeper.testbed.finagle.FinagleDriver',
    first: { command: 'connect', fields: { connect, sessionTimeout, connectTimeout } },
    signal,
  });
  return new Finagle(started);
}

/** The real Finagle's serversets: what joins them, and its resolver, each with its own session. */
export class Finagle extends JavaFace {
  readonly #driver: Driver;

  /** For {@link startFinagle}. */
  constructor(started: JavaDriver) {
    super(started);
    this.#driver = started.driver;
  }

  /** Joins a serverset; the result is for {@link leave}. */
  async join(member: FinagleMember, options?: CallOptions): Promise<string> {
    const key = randomUUID();
    await this.#driver.request('join', { ...member, key }, options);
    return key;
  }

  /** Leaves a serverset. */
  async leave(key: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('leave', { key }, options);
  }

  /**
   * What the resolver makes of a serverset now, or of its additional endpoint of that name. The
   * first time begins to watch, and so is mostly `Pending`.
   */
  async resolve(
    path: string,
    options: CallOptions & { endpoint?: string } = {},
  ): Promise<FinagleResolution> {
    const { endpoint, signal } = options;
    const found = await this.#driver.request('resolve', { path, endpoint }, { signal });
    return found as FinagleResolution; // Our own protocol: the driver is in the folder java.
  }
}
