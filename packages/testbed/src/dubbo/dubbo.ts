import { randomUUID } from 'node:crypto';
import type { CallOptions } from '../curator/curator.ts';
import type { Driver } from '../curator/driver.ts';
import { freePorts } from '../free-port.ts';
import type { Child } from '../process/child.ts';
import { type JavaDriver, startJavaDriver } from '../process/java-driver.ts';
import { JavaFace } from '../process/java-face.ts';
import type { TempDir } from '../temp-dir.ts';
import { type DubboCall, type DubboService, dubboInterfaces } from './service.ts';

/** A protocol that Dubbo serves. */
export type DubboProtocol = 'dubbo' | 'tri';

/** How a Dubbo application is started. */
export interface DubboOptions {
  /** ZooKeeper's connect string. */
  connect: string;
  /** The application's name. */
  application: string;
  /** Who its answers say they are from. Default: the application's name. */
  name?: string | undefined;
  /** At which levels it registers. Default: Dubbo's, `all`. */
  registerMode?: 'interface' | 'instance' | 'all' | undefined;
  /** Where its metadata is: with itself or in ZooKeeper. Default: Dubbo's, `local`. */
  metadataType?: 'local' | 'remote' | undefined;
  /** The registry's group, which is the root in ZooKeeper. Default: Dubbo's, `dubbo`. */
  registryGroup?: string | undefined;
  /**
   * Session timeout to ask for at the application level, in milliseconds. Default: Dubbo's, 60,000,
   * which it keeps at the interface level; the server's `maxSessionTimeout` is for both.
   */
  sessionTimeout?: number | undefined;
  /**
   * What it serves with. A port of 0 is a free one. Default: `dubbo` at a free port. A consumer
   * needs none: `[]`.
   */
  protocols?: readonly { name: DubboProtocol; port?: number | undefined }[] | undefined;
  /**
   * The address that it registers, as if it were reached through a NAT: `DUBBO_IP_TO_REGISTRY`, and
   * a port a protocol. Default: an address of this machine, which is not the loopback's since Dubbo
   * refuses to register that, and the ports that it listens at.
   */
  registerAs?: { host?: string; ports?: Partial<Record<DubboProtocol, number>> } | undefined;
  /** The application's parameters: they are part of each URL. */
  parameters?: Readonly<Record<string, string>> | undefined;
  /** What it provides from its start. Default nothing. */
  services?: readonly DubboService[] | undefined;
  /** More of Java's system properties, `dubbo.…` among them. */
  properties?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Gives the start up. An application that runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/**
 * Starts a JVM with one application of the real Apache Dubbo, registered in ZooKeeper.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startDubbo(options: DubboOptions): Promise<Dubbo> {
  const { connect, application, name = application, protocols = [{ name: 'dubbo' }] } = options;
  const { registerMode, metadataType, registryGroup, sessionTimeout, parameters } = options;
  const { registerAs, properties, services = [], signal } = options;
  const free = await freePorts(protocols.length);
  const served = protocols.map(({ name, port }, i) => ({ name, port: port || free[i] || 0 }));
  const keyed = services.map((service) => withKey(service));
  const started = await startJavaDriver({
    component: 'dubbo',
    name: 'Dubbo',
    main: 'io.meshkeeper.testbed.dubbo.DubboDriver',
    properties: {
      // Not the application's shutwait, which would be a parameter of each URL.
      'dubbo.service.shutdown.wait': 1_000,
      ...(registerAs?.host && { DUBBO_IP_TO_REGISTRY: registerAs.host }),
      ...Object.fromEntries(
        Object.entries(registerAs?.ports ?? {}).map(([protocol, port]) => [
          `${protocol.toUpperCase()}_DUBBO_PORT_TO_REGISTRY`,
          port,
        ]),
      ),
      ...properties,
    },
    first: {
      command: 'start',
      fields: {
        ...{ connect, application, name, protocols: served, services: keyed },
        ...{ registerMode, metadataType, registryGroup, sessionTimeout, parameters },
      },
    },
    signal,
  });
  return new Dubbo(started, new Map(served.map(({ name, port }) => [name, port])), keyed);
}

/** A real Dubbo application. */
export class Dubbo extends JavaFace {
  /** The port at which it listens, by protocol. */
  readonly ports: ReadonlyMap<DubboProtocol, number>;
  readonly #child: Child;
  readonly #driver: Driver;
  readonly #dir: TempDir;
  readonly #services: DubboProvided[];

  /** For {@link startDubbo}. */
  constructor(
    started: JavaDriver,
    ports: ReadonlyMap<DubboProtocol, number>,
    services: readonly DubboProvided[],
  ) {
    super(started);
    this.#child = started.child;
    this.#driver = started.driver;
    this.#dir = started.dir;
    this.ports = ports;
    this.#services = [...services];
  }

  /** What it provides, those of its start first. */
  get services(): readonly DubboProvided[] {
    return this.#services;
  }

  /** Provides one more service. */
  async provide(service: DubboService, options?: CallOptions): Promise<DubboProvided> {
    const provided = withKey(service);
    await this.#driver.request('provide', { service: provided }, options);
    this.#services.push(provided);
    return provided;
  }

  /** Withdraws a service; the application goes on. */
  async withdraw({ key }: DubboProvided, options?: CallOptions): Promise<void> {
    await this.#driver.request('withdraw', { key }, options);
    const at = this.#services.findIndex((service) => service.key === key);
    if (at >= 0) this.#services.splice(at, 1);
  }

  /**
   * Calls a service, found through ZooKeeper. The answer says who gave it:
   * `<name> greets <argument> at <port>`. Equal references are made once.
   *
   * @throws TestbedError `command-failed` with Dubbo's exception.
   */
  async call(call: DubboCall = {}, options?: CallOptions): Promise<string> {
    const { method = 'greet', argument = 'world', attachments, ...rest } = call;
    const reference = { ...rest, interface: call.interface ?? dubboInterfaces.greeter };
    const fields = { reference, method, argument, attachments, besides: true };
    return String(await this.#driver.request('call', fields, options));
  }

  /**
   * Writes a rule to the configuration centre with Dubbo's own client: `<app>.configurators`, …. It
   * has nothing that removes one: delete the znode `/dubbo/config/dubbo/<key>`.
   */
  async setRule(key: string, yaml: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('rule', { key, content: yaml }, options);
  }

  /** What the application's configuration centre has, as Dubbo reads it. */
  async config(key: string, group: string, options?: CallOptions): Promise<string> {
    return String(await this.#driver.request('config', { key, group }, options));
  }

  /** Listens to it, as Dubbo does: what it is told, {@link told} has. */
  async watchConfig(key: string, group: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('watchConfig', { key, group }, options);
  }

  /** What listeners were told last, by `group/key`. */
  async told(options?: CallOptions): Promise<Record<string, string>> {
    return (await this.#driver.request('told', {}, options)) as Record<string, string>;
  }

  /** QoS `offline`: withdraws what matches `service`, a pattern, from the registry. Default all. */
  async offline(service?: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('offline', { service }, options);
  }

  /** QoS `online`: the opposite of {@link offline}. */
  async online(service?: string, options?: CallOptions): Promise<void> {
    await this.#driver.request('online', { service }, options);
  }

  /** Ends it as an orchestrator does (SIGTERM): it deregisters. Kills it after `grace` ms (10,000). */
  async stop(grace = 10_000): Promise<void> {
    await this.#child.stop(grace);
  }

  /** {@link stop}, and removes its folder. */
  override async close(): Promise<void> {
    await this.stop();
    await this.#dir.close();
  }
}

/** A service of a running application. */
export type DubboProvided = DubboService & { readonly key: string };

function withKey(service: DubboService): DubboProvided {
  return { ...service, interface: service.interface ?? dubboInterfaces.greeter, key: randomUUID() };
}
