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
/** An assignment of 2.9 KB. */
const WORLD: WorldSize = { services: 1, endpoints: 100 };
const NAMES = [serviceName(0)];
/** Changes of a round, one after the other: the next when all have the one before. */
const CHANGES = 30;
const WARM_UPS = 2;
const ROUNDS = 5;

/** What a change costs that all streams are sent. */
export async function measurePush(variant: Variant, signal: AbortSignal): Promise<Row[]> {
  const measured = await ofEach(WORLD, signal, (subject) => pushes(subject, variant));
  const title = `1,000 streams, a change of 3 KB, ${variant}`;
  return [
    row(`${title}: CPU of each push`, 'µs', measured, ({ cpu }) => cpu),
    row(`${title}: until all have it`, 'ms', measured, ({ ms }) => ms),
    row(`${title}: resident`, 'MB', measured, ({ rss }) => rss),
  ];
}

async function pushes(subject: Subject, variant: Variant) {
  const latest = new Map<Sidecar, number>();
  let lacking = 0;
  let all = Promise.withResolvers<void>();
  using sidecars = await Sidecars.connect(subject.port, STREAMS, variant, {
    resource: (sidecar, _, { any }) => {
      const digest = crc32(any);
      if (latest.get(sidecar) === digest) return;
      latest.set(sidecar, digest);
      if (--lacking === 0) all.resolve();
    },
  });
  const sent = async (send: () => unknown) => {
    lacking = STREAMS;
    all = Promise.withResolvers();
    const began = performance.now();
    await Promise.all([send(), all.promise]);
    return performance.now() - began;
  };
  await sent(() => {
    for (const sidecar of sidecars.all) sidecar.subscribe('endpoint', NAMES);
  });
  const cpu: number[] = [];
  const ms: number[] = [];
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    const before = await subject.usage();
    for (let i = 0; i < CHANGES; i++) {
      const took = await sent(() => subject.change(1));
      if (round > 0) ms.push(took);
    }
    // The last acknowledgements are under way.
    await pause(100);
    const after = await subject.usage();
    if (round > 0) cpu.push((after.cpu - before.cpu) / CHANGES / STREAMS);
  }
  const { rss } = await subject.usage();
  return { cpu: median(cpu), ms: median(ms), rss: rss / 1e6 };
}
