import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@meshkeeper/testbed';
import { type Child, runScript } from '../process/child.ts';
import { type Call, Callers } from './caller.ts';
import type { Gateway } from './gateways.ts';
import { SESSION, type Signal } from './signals.ts';
import { hostOf, type Stage, type Way } from './stage.ts';
import type { HeartbeatWatch } from './watch.ts';

/** What one kill cost the callers of one gateway. */
export interface Measured {
  /** Milliseconds from the kill to the last request that failed, of those that are not tried again. */
  readonly lastFailed: number;
  /** How many those were. */
  readonly failed: number;
  /** How many failed of those that are tried again. */
  readonly failedRetried: number;
  /** The slowest of them after the kill, in milliseconds. */
  readonly slowest: number;
}

/** What a round needs. */
export interface Scene {
  readonly stage: Stage;
  readonly gateways: readonly Gateway[];
  /** `host:port` of a ZooKeeper, to which instances of the heartbeat's service are connected. */
  readonly zookeeper: string;
  readonly heartbeats: HeartbeatWatch;
}

const INSTANCES = 4;
/** Of each gateway and way. */
const CALLERS = 4;
/** Milliseconds under load before the kill. */
const BEFORE = 500;
/** Nobody has failed for so long: it is over. Until then every fourth request meets who is gone. */
const QUIET = 2_500;

/** Starts instances, kills one under load, and waits until it is over for everybody. */
export async function killOne(
  { stage, gateways, zookeeper, heartbeats }: Scene,
  signal: Signal,
  abort: AbortSignal,
): Promise<ReadonlyMap<string, Measured>> {
  await using stack = new AsyncDisposableStack();
  const file = join(import.meta.dirname, 'instance.ts');
  // A service of its own each time: of one that loses all of its instances the last ones are kept.
  const service = `shop-${randomUUID()}`;
  heartbeats.follow(service);
  const args = signal === 'heartbeat' ? [zookeeper, service, `${SESSION}`] : [];
  const instances: Child[] = [];
  for (let i = 0; i < INSTANCES; i++) {
    instances.push(stack.use(await runScript(file, args, abort)));
  }
  const ports = instances.map(({ said }) => Number(said));
  // The heartbeat's are assigned by who watches ZooKeeper.
  if (signal !== 'heartbeat') stage.assign(signal, ports);
  const groups = gateways.flatMap(({ name, port }) =>
    (['plain', 'retried'] as const).map((way) => {
      const callers = new Callers(port, hostOf(signal, way), CALLERS);
      stack.defer(() => callers.stop());
      return { name, way, callers };
    }),
  );
  const everywhere = ({ calls }: Callers) =>
    ports.every((port) => calls.slice(-200).some(({ instance }) => instance === port));
  await until(() => groups.every(({ callers }) => everywhere(callers)), {
    signal: abort,
    message: 'every gateway asks every instance',
  });
  await pause(BEFORE, undefined, { signal: abort });
  const killed = performance.now();
  process.kill(instances[0]!.pid, 'SIGKILL');
  await until(() => performance.now() - lastFailure(groups, killed) > QUIET, {
    ...{ signal: abort, timeout: 120_000, interval: 100 },
    message: 'no request fails any more',
  });
  await Promise.all(groups.map(({ callers }) => callers.stop()));
  stage.assign(signal, []);
  const of = (gateway: string, way: Way) =>
    groups.find((group) => group.name === gateway && group.way === way)!.callers.calls;
  return new Map(
    gateways.map(({ name }) => [name, measure(of(name, 'plain'), of(name, 'retried'), killed)]),
  );
}

function lastFailure(groups: readonly { readonly callers: Callers }[], killed: number): number {
  const all = groups.flatMap(({ callers }) => callers.calls.filter(hasFailed));
  return Math.max(killed, ...all.map(({ at }) => at));
}

function measure(plain: readonly Call[], retried: readonly Call[], killed: number): Measured {
  const failures = plain.filter((call) => call.at > killed && hasFailed(call));
  const after = retried.filter(({ at }) => at > killed);
  return {
    lastFailed: Math.max(0, ...failures.map(({ at }) => at - killed)),
    failed: failures.length,
    failedRetried: after.filter(hasFailed).length,
    slowest: Math.max(0, ...after.map(({ took }) => took)),
  };
}

function hasFailed({ status }: Call): boolean {
  return status !== 200;
}
