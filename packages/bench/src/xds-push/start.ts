import type { ResourceType, Variant } from '@meshkeeper/xds';
import type { Row } from '../bench.ts';
import { median } from '../statistics.ts';
import { ofEach, row } from './measured.ts';
import type { WorldSize } from './protocol.ts';
import { Sidecars } from './sidecars.ts';
import type { Subject } from './subject.ts';
import { serviceName } from './world.ts';

const WORLD: WorldSize = { services: 1000, endpoints: 10 };
const NAMES = Array.from({ length: WORLD.services }, (_, i) => serviceName(i));
const ROUTE = ['gateway'];
/** Resources until it has all. */
const ALL = WORLD.services * 2 + 2;
const WARM_UPS = 50;
const ROUNDS = 100;

/** How long a new sidecar takes until it has everything: clusters, endpoints, a listener, its routes. */
export async function measureStart(variant: Variant, signal: AbortSignal): Promise<Row[]> {
  const measured = await ofEach(WORLD, signal, (subject) => starts(subject, variant));
  const title = `a new sidecar of 1,000 services x 10, ${variant}`;
  return [
    row(`${title}: until it has acknowledged all`, 'ms', measured, ({ ms }) => ms),
    row(`${title}: CPU of it`, 'ms', measured, ({ cpu }) => cpu),
  ];
}

async function starts(subject: Subject, variant: Variant) {
  const ms: number[] = [];
  let before = await subject.usage();
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    if (round === 1) before = await subject.usage();
    const took = await start(subject, variant);
    if (round > 0) ms.push(took);
  }
  const after = await subject.usage();
  return { ms: median(ms), cpu: (after.cpu - before.cpu) / 1000 / ROUNDS };
}

/** As Envoy starts: endpoints after clusters, routes after listeners. */
async function start({ port }: Subject, variant: Variant): Promise<number> {
  const began = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  const follows: Partial<Record<ResourceType, [ResourceType, readonly string[]]>> = {
    cluster: ['endpoint', NAMES],
    listener: ['route', ROUTE],
  };
  const asked = new Set<ResourceType>();
  let count = 0;
  using sidecars = await Sidecars.connect(port, 1, variant, {
    resource: () => void count++,
    response: (sidecar, type) => {
      if (count === ALL) resolve();
      const [then, names] = follows[type] ?? [];
      if (then === undefined || asked.has(then)) return;
      asked.add(then);
      sidecar.subscribe(then, names);
    },
  });
  for (const sidecar of sidecars.all) {
    sidecar.subscribe('cluster');
    sidecar.subscribe('listener');
  }
  await promise;
  return performance.now() - began;
}
