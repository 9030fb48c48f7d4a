import type { CallOptions } from '../curator/curator.ts';
import type { Driver } from '../curator/driver.ts';
import { type JavaDriver, startJavaDriver } from '../process/java-driver.ts';
import { JavaFace } from '../process/java-face.ts';

/** How a Spring Cloud Zookeeper is started. */
export interface SpringOptions {
  /** ZooKeeper's connect string. */
  connect: string;
  /** `spring.cloud.zookeeper.discovery.root`. Default `/services`. */
  root?: string | undefined;
  /** Session timeout to ask for, in milliseconds. Default 4,000; Spring's own is 60,000. */
  sessionTimeout?: number | undefined;
  /** Milliseconds to wait for the first connection. Default 20,000. */
  connectTimeout?: number | undefined;
  /** Gives the start up. What runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/** What an instance is registered with; `spring.cloud.zookeeper.discovery.…`. */
export interface SpringRegistration {
  /** `spring.application.name`; a `/` in it nests. */
  name: string;
  /** `instance-id`. Default: a random UUID. */
  id?: string | undefined;
  /** `instance-host`. */
  address: string;
  port: number;
  /** `instance-ssl-port`: readers take it as the port then. */
  sslPort?: number | undefined;
  /** Written in this order, `instance_status` last. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** `initial-status`. Default `UP`. */
  status?: string | undefined;
}

/** An instance as Spring's discovery client gives it. */
export interface SpringInstance {
  id: string;
  name: string;
  host: string;
  port: number;
  secure: boolean;
  uri: string;
  metadata: Record<string, string>;
}

/** Whose configuration: `spring.application.name`, and the active profiles. */
export interface SpringConfigRequest {
  application: string;
  profiles?: readonly string[] | undefined;
  /** `spring.cloud.zookeeper.config.root`. Default Spring's own. */
  configRoot?: string | undefined;
}

/** Properties by their names. */
export type SpringProperties = Record<string, string>;

/**
 * Starts a JVM with the real Spring Cloud Zookeeper, connected to ZooKeeper. Spring Boot is not in
 * it: Spring's own configuration, registry and discovery client are.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startSpring(options: SpringOptions): Promise<Spring> {
  const { connect, sessionTimeout = 4_000, connectTimeout = 20_000, signal } = options;
  const { root = '/services' } = options;
  const started = await startJavaDriver({
    component: 'spring',
    name: 'Spring',
    main: 'io.meshkeeper.testbed.spring.SpringDriver',
    first: { command: 'connect', fields: { connect, sessionTimeout, connectTimeout, root } },
    signal,
  });
  return new Spring(started);
}

/** The real Spring Cloud Zookeeper: registry and discovery client in one session. */
export class Spring extends JavaFace {
  readonly #driver: Driver;

  /** For {@link startSpring}. */
  constructor(started: JavaDriver) {
    super(started);
    this.#driver = started.driver;
  }

  /** Registers an instance, and returns its id. */
  async register(instance: SpringRegistration, options?: CallOptions): Promise<string> {
    return String(await this.#driver.request('register', { instance }, options));
  }

  /** Removes an instance that was registered here. */
  async deregister(instance: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('deregister', { instance }, options);
  }

  /** Changes the status of an instance that was registered here: `UP`, `OUT_OF_SERVICE`. */
  async setStatus(instance: string, status: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('setStatus', { instance, status }, options);
  }

  /** The status of an instance that was registered here, read from ZooKeeper. */
  async status(instance: string, options?: CallOptions): Promise<string> {
    return String(await this.#driver.request('status', { instance }, options));
  }

  /**
   * A service's instances, as Spring's discovery client finds them: those out of service too, which
   * only Spring's load balancer leaves out.
   */
  async instances(name: string, options?: CallOptions): Promise<SpringInstance[]> {
    // Our own protocol: the driver's sources are in the folder java.
    return (await this.#driver.request('instances', { name }, options)) as SpringInstance[];
  }

  /** The names of all services, as Spring's discovery client finds them. */
  async services(options?: CallOptions): Promise<string[]> {
    return (await this.#driver.request('services', {}, options)) as string[];
  }

  /** The properties that an application gets, as Spring Cloud Zookeeper Config resolves them. */
  async config(request: SpringConfigRequest, options?: CallOptions): Promise<SpringProperties> {
    return (await this.#driver.request('config', { ...request }, options)) as SpringProperties;
  }

  /** Watches what an application is configured by, with Spring's own watcher. Once. */
  async watchConfig(request: SpringConfigRequest, options?: CallOptions): Promise<void> {
    await this.#driver.request('watchConfig', { ...request }, options);
  }

  /** How often the watcher has asked Spring to refresh. */
  async refreshes(options?: CallOptions): Promise<number> {
    return (await this.#driver.request('refreshes', {}, options)) as number;
  }
}
