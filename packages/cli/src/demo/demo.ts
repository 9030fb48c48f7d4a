import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { Listening } from '../lifecycle.ts';

/** The demo's services: two processes each. */
const SERVICES = [
  { service: 'orders', dialect: 'curator', calls: undefined },
  { service: 'customers', dialect: 'spring', calls: undefined },
  { service: 'shop', dialect: 'plain', calls: 'orders' },
] as const;

/** Instances of each service. */
const INSTANCES = 2;

/** How long an instance may take to leave, in milliseconds. */
const STOP_TIMEOUT = 500;

/** What the demo needs to know. */
export interface DemoOptions {
  readonly zookeeper: string;
  readonly gateway: string;
  readonly signal: AbortSignal;
}

/** The running demo. */
export interface Demo extends AsyncDisposable {
  /** What runs, where, and what to try. */
  welcome(listening: Listening): string;
}

/** Starts the services, and resolves when every instance was reached through the gateway. */
export async function runDemo({ zookeeper, gateway, signal }: DemoOptions): Promise<Demo> {
  const children = SERVICES.flatMap(({ service, dialect, calls }) =>
    Array.from({ length: INSTANCES }, () => startInstance(service, dialect, calls)),
  );
  const stop = async () => {
    await Promise.all(children.map(stopInstance));
  };
  try {
    await Promise.all(SERVICES.map(({ service }) => reachable(gateway, service, signal)));
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = children[0]?.pid ?? 0;
  return { welcome: (listening) => welcome(listening, pid), [Symbol.asyncDispose]: stop };

  function startInstance(service: string, dialect: string, calls: string | undefined) {
    const [program] = process.argv.slice(1);
    return spawn(
      process.execPath,
      [
        ...process.execArgv,
        program!, // this command's own script
        'demo-instance',
        ...['--service', service, '--dialect', dialect],
        ...['--zookeeper', zookeeper, '--gateway', gateway],
        ...(calls === undefined ? [] : ['--calls', calls]),
      ],
      // Detached, so that Ctrl-C reaches them through us: they leave while the mesh still serves.
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true },
    );
  }
}

async function stopInstance(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([exited, setTimeout(STOP_TIMEOUT, undefined, { ref: false })]);
  child.kill('SIGKILL');
}

/** Waits until every instance of a service has answered. */
async function reachable(gateway: string, service: string, signal: AbortSignal): Promise<void> {
  const answered = new Set<string>();
  while (answered.size < INSTANCES) {
    const instance = await instanceBehind(gateway, service, signal);
    signal.throwIfAborted();
    if (instance === undefined) await setTimeout(20, undefined, { signal });
    else answered.add(instance);
  }
}

/** The instance that answers now; undefined when none does. */
async function instanceBehind(
  gateway: string,
  service: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const [response] = await once(get(gateway, { headers: { host: service }, signal }), 'response');
    const body = await text(response);
    return response.statusCode === 200 ? JSON.parse(body).instance : undefined;
  } catch {
    return undefined; // not there yet
  }
}

function welcome({ api, xds, gateway, dns, zookeeper }: Listening, pid: number): string {
  return `Meshkeeper is up, with three services of two instances each (Ctrl-C ends it all).

  gateway    ${gateway}
  API        ${api}
  xDS        ${xds}
  DNS        ${dns}
  ZooKeeper  ${zookeeper}

  orders     registered by Curator's format       /discovery/orders
  customers  registered as Spring Cloud does      /services/customers
  shop       a plain instance, calls orders       /discovery/shop

Try, in another terminal:

  curl -H 'Host: shop' ${gateway}/
  npx meshkeeper services
  npx meshkeeper endpoints orders
  kill -9 ${pid}    # an instance of orders: no request fails
  npx meshkeeper zk ls --zookeeper ${zookeeper} /discovery
  npx meshkeeper config set shop greeting=hello && npx meshkeeper config publish shop --yes

What changes in the catalog from now on:
`;
}
