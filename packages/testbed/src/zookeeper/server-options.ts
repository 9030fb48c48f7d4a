import { join } from 'node:path';
import { requireComponent } from '../component.ts';
import type { oldZooKeeper } from '../versions.ts';

/** A server of long ago. */
export type OldRelease = keyof typeof oldZooKeeper.releases;

/** How a real ZooKeeper is started. */
export interface ZooKeeperOptions {
  /** One of long ago. Default: the one that Meshkeeper is tried with. */
  release?: OldRelease | undefined;
  /** Client port on 127.0.0.1. Default: a free one. */
  port?: number | undefined;
  /** Keeps the data here, and leaves it. Default: a temporary folder, removed by `close()`. */
  dataDir?: string | undefined;
  /** ZooKeeper's unit of time in milliseconds. Default 200: sessions last at least 400 ms. */
  tickTime?: number | undefined;
  /** Shortest session in milliseconds that a client gets. Default two ticks. */
  minSessionTimeout?: number | undefined;
  /** Longest session in milliseconds that a client gets. Default 60,000. */
  maxSessionTimeout?: number | undefined;
  /** More lines of `zoo.cfg`; they win over the testbed's own. */
  config?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Java system properties, for what `zoo.cfg` cannot hold: `znode.container.checkIntervalMs`. */
  properties?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** More options of the JVM; they win over the testbed's own, which are for a quick start. */
  jvm?: readonly string[] | undefined;
  /** Milliseconds that a start may take. Default 30,000. */
  startTimeout?: number | undefined;
  /** Gives the start up. A server that runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/** `zoo.cfg` as text. */
export function zooCfg(
  options: ZooKeeperOptions,
  place: { dataDir: string; port: number },
): string {
  const { tickTime = 200, maxSessionTimeout = 60_000 } = options;
  const lines = {
    dataDir: place.dataDir,
    clientPort: place.port,
    clientPortAddress: '127.0.0.1',
    tickTime,
    minSessionTimeout: options.minSessionTimeout ?? 2 * tickTime,
    maxSessionTimeout,
    // Ten seconds to join and two to lag, whatever the tick is.
    initLimit: Math.ceil(10_000 / tickTime),
    syncLimit: Math.ceil(2_000 / tickTime),
    // Every client comes from the same address here.
    maxClientCnxns: 0,
    'admin.enableServer': false,
    '4lw.commands.whitelist': '*',
    ...options.config,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** The arguments of `java` for a server, up to the configuration file. */
export function javaArguments(options: ZooKeeperOptions, jars: string): string[] {
  const properties = {
    'zookeeper.extendedTypesEnabled': true,
    'org.slf4j.simpleLogger.showDateTime': true,
    'org.slf4j.simpleLogger.dateTimeFormat': 'HH:mm:ss.SSS',
    ...options.properties,
  };
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Xshare:auto',
    '-Djava.net.preferIPv4Stack=true',
    ...(options.jvm ?? []),
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    '-cp',
    `${jars}/*`,
    'org.apache.zookeeper.server.quorum.QuorumPeerMain',
  ];
}

/** The `java` to run: that of JAVA_HOME, or the one on the PATH. */
export function javaProgram(): string {
  const home = process.env.JAVA_HOME;
  return home ? `${home}/bin/java` : 'java';
}

/** The folder of the jars that a server is started from. @throws TestbedError `component-missing` */
export function jarsOf({ release }: ZooKeeperOptions): string {
  if (release === undefined) return requireComponent('zookeeper');
  return join(requireComponent('old-zookeeper'), release, 'lib');
}
