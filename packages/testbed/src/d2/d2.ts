import { randomUUID } from 'node:crypto';
import type { CallOptions } from '../curator/curator.ts';
import type { Driver } from '../curator/driver.ts';
import { type JavaDriver, startJavaDriver } from '../process/java-driver.ts';
import { JavaFace } from '../process/java-face.ts';

/** How a D2 is started. */
export interface D2Options {
  /** ZooKeeper's connect string. */
  connect: string;
  /** D2's base path. Default `/d2`. */
  root?: string | undefined;
  /** Session timeout to ask for, in milliseconds. Default 5,000. */
  sessionTimeout?: number | undefined;
  /** Gives the start up. What runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/** How much of the load a server takes: of an unpartitioned cluster, or by partition. */
export type D2Load = { weight: number } | { partitions: Readonly<Record<number, number>> };

/** A server that announces itself. */
export type D2Server = D2Load & {
  cluster: string;
  uri: string;
  /** What is said of this URI alone. */
  properties?: Readonly<Record<string, unknown>> | undefined;
};

/** What D2's configuration tool takes: its own words. */
export interface D2Configuration {
  /** By name: each with its `services`, by theirs. */
  clusters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  serviceDefaults?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Starts a JVM with the real D2 of LinkedIn's Rest.li; each of its servers has a session of its own.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startD2(options: D2Options): Promise<D2> {
  const { connect, root = '/d2', sessionTimeout = 5_000, signal } = options;
  const started = await startJavaDriver({
    component: 'd2',
    name: 'D2',
    main: 'io.meshkeeper.testbed.d2.D2Driver',
    first: { command: 'connect', fields: { connect, root, sessionTimeout } },
    signal,
  });
  return new D2(started);
}

/** The real D2: its configuration tool, servers that announce themselves, and its client. */
export class D2 extends JavaFace {
  readonly #driver: Driver;

  /** For {@link startD2}. */
  constructor(started: JavaDriver) {
    super(started);
    this.#driver = started.driver;
  }

  /** Writes what clusters and services are, as `D2Config` does. */
  async configure(configuration: D2Configuration, options?: CallOptions): Promise<void> {
    await this.#driver.request('configure', { ...configuration }, options);
  }

  /** Announces a server, and keeps it announced; the result is for what changes it. */
  async announce(server: D2Server, options?: CallOptions): Promise<string> {
    const key = randomUUID();
    await this.#driver.request('announce', { ...server, key }, options);
    return key;
  }

  /** Announces a server again that was marked down. */
  async markUp(key: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('markUp', { key }, options);
  }

  /** Takes a server's announcement back. */
  async markDown(key: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('markDown', { key }, options);
  }

  /** Announces a server with another weight: D2 deletes its znode and creates another. */
  async changeWeight(
    key: string,
    load: D2Load & { doNotSlowStart?: boolean },
    options?: CallOptions,
  ): Promise<void> {
    await this.#driver.request('changeWeight', { ...load, key }, options);
  }

  /** Gets `d2://service/path` through D2's client, which finds and balances; the answer's body. */
  async call(uri: string, options?: CallOptions): Promise<string> {
    return String(await this.#driver.request('call', { uri }, options));
  }
}
