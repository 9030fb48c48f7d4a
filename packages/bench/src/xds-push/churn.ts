import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Variant } from '@meshkeeper/xds';
import type { Row } from '../bench.ts';
import { median } from '../statistics.ts';
import { ofEach, row } from './measured.ts';
import type { WorldSize } from './protocol.ts';
import type { Sidecar } from './sidecar.ts';
import { Sidecars } from './sidecars.ts';
import type { Subject } from './subject.ts';
import { serviceName } from './world.ts';

const STREAMS = 1000;
const WORLD: WorldSize = { services: 1000, endpoints: 100 };
/** Services that a sidecar calls; each is called by ten. */
const PER_STREAM = 10;
const PER_SECOND = 1000;
/** Of a round. The snapshot cache takes more than a tenth of a second for each. */
const CHANGES = { ours: 5000, linear: 5000, snapshot: 10 };
const WARM_UPS = 1;
const ROUNDS = 3;

/** What changes of many services cost, each of which concerns a few streams. */
export async function measureChurn(variant: Variant, signal: AbortSignal): Promise<Row[]> {
  const measured = await ofEach(WORLD, signal, (subject) => churn(subject, variant));
  const title = `1,000 services x 100, 1,000 changes a second for 10 of 1,000 streams each, ${variant}`;
  return [
    row(`${title}: CPU of each`, 'µs', measured, ({ cpu }) => cpu),
    row(`${title}: until all have the last`, 'ms', measured, ({ ms }) => ms),
    row(`${title}: resident`, 'MB', measured, ({ rss }) => rss),
  ];
}

async function churn(subject: Subject, variant: Variant) {
  const latest = new Map<Sidecar, Map<string, number>>();
  let expected: ReadonlyMap<string, number> = new Map();
  let lacking = 0;
  let all = Promise.withResolvers<void>();
  using sidecars = await Sidecars.connect(subject.port, STREAMS, variant, {
    resource: (sidecar, _, { name, any }) => {
      const own = latest.get(sidecar);
      const digest = crc32(any);
      const wanted = expected.get(name);
      if (own?.get(name) !== wanted) lacking--;
      if (digest !== wanted) lacking++;
      own?.set(name, digest);
      if (lacking === 0) all.resolve();
    },
  });
  /** Resolves when all have what a new stream is given. */
  const settled = async () => {
    expected = await served(subject, variant);
    all = Promise.withResolvers();
    lacking = 0;
    for (const own of latest.values())
      for (const [name, digest] of own) if (digest !== expected.get(name)) lacking++;
    if (lacking > 0) await all.promise;
  };
  for (const [i, sidecar] of sidecars.all.entries()) {
    const names = Array.from({ length: PER_STREAM }, (_, j) =>
      serviceName((i * PER_STREAM + j) % WORLD.services),
    );
    latest.set(sidecar, new Map(names.map((name) => [name, 0])));
    sidecar.subscribe('endpoint', names);
  }
  await settled();
  const cpu: number[] = [];
  const ms: number[] = [];
  const count = CHANGES[subject.name];
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    const before = await subject.usage();
    await subject.change(count, PER_SECOND);
    const changed = performance.now();
    await settled();
    if (round > 0) ms.push(performance.now() - changed);
    // The last acknowledgements are under way.
    await pause(100);
    const after = await subject.usage();
    if (round > 0) cpu.push((after.cpu - before.cpu) / count);
  }
  const { rss } = await subject.usage();
  return { cpu: median(cpu), ms: median(ms), rss: rss / 1e6 };
}

/** Digests of all assignments as they are served now. */
async function served(subject: Subject, variant: Variant): Promise<ReadonlyMap<string, number>> {
  const digests = new Map<string, number>();
  const { promise, resolve } = Promise.withResolvers<void>();
  using sidecars = await Sidecars.connect(subject.port, 1, variant, {
    resource: (_, __, { name, any }) => {
      digests.set(name, crc32(any));
      if (digests.size === WORLD.services) resolve();
    },
  });
  const names = Array.from({ length: WORLD.services }, (_, i) => serviceName(i));
  for (const sidecar of sidecars.all) sidecar.subscribe('endpoint', names);
  await promise;
  return digests;
}
