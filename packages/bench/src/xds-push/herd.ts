import { setTimeout as pause } from 'node:timers/promises';
import type { ResourceType, Variant } from '@meshkeeper/xds';
import type { Row } from '../bench.ts';
import { type Measured, ofEach, row } from './measured.ts';
import type { AdmissionLimit, WorldSize } from './protocol.ts';
import { knownVersions, type Sidecar, type SidecarListener } from './sidecar.ts';
import { Sidecars } from './sidecars.ts';
import { Subject } from './subject.ts';
import { serviceName } from './world.ts';

const STREAMS = 1000;
const WORLD: WorldSize = { services: 1000, endpoints: 10 };
const NAMES = Array.from({ length: WORLD.services }, (_, i) => serviceName(i));
/** What ours is unless it is told otherwise. */
const ADMISSION: AdmissionLimit = { perSecond: 250, burst: 500 };
/** Milliseconds until a stream that was refused without a word is tried again. */
const REFUSED = 100;
/** Milliseconds between two looks at the memory. */
const LOOK = 50;

interface Herd {
  readonly first: Arrival;
  readonly again: Arrival;
}

interface Arrival {
  readonly seconds: number;
  readonly cpu: number;
  /** The most while it went on. */
  readonly rss: number;
}

/** What streams by state that they bring along: none, or the versions that they had. */
type Known = ReadonlyMap<ResourceType, Map<string, string>>;

/**
 * How long it takes until sidecars that connect together all have the clusters and endpoints of
 * everything: for the first time, and again after their connections broke, one service having
 * changed meanwhile. No stream is turned away; but ours once more with its usual limit.
 */
export async function measureHerd(variant: Variant, signal: AbortSignal): Promise<Row[]> {
  const measured = await ofEach(WORLD, signal, (subject) => herd(subject, variant));
  const title = `1,000 streams together, 1,000 services x 10, ${variant}`;
  const rows = (which: keyof Herd, suffix: string) => [
    row(`${title}${suffix}: until all have all`, 's', measured, (of) => of[which].seconds),
    row(`${title}${suffix}: CPU`, 's', measured, (of) => of[which].cpu),
    row(`${title}${suffix}: resident at most`, 'MB', measured, (of) => of[which].rss),
  ];
  await using limited = await Subject.start('ours', WORLD, signal, ADMISSION);
  const admitted: Measured<Herd> =
    limited === undefined ? new Map() : new Map([['ours', await herd(limited, variant)]]);
  return [
    ...rows('first', ''),
    ...rows('again', ', again'),
    row(
      `${title}, again, by its turn: until all have all`,
      's',
      admitted,
      ({ again }) => again.seconds,
    ),
    row(`${title}, again, by its turn: resident at most`, 'MB', admitted, ({ again }) => again.rss),
  ];
}

async function herd(subject: Subject, variant: Variant): Promise<Herd> {
  const versions: Known = new Map([
    ['cluster', new Map()],
    ['endpoint', new Map()],
  ]);
  const { sidecars, ...first } = await arrive(subject, variant, versions, false);
  sidecars[Symbol.dispose]();
  await pause(500);
  await subject.change(1);
  const { sidecars: returned, ...again } = await arrive(subject, variant, versions, true);
  returned[Symbol.dispose]();
  return { first, again };
}

async function arrive(subject: Subject, variant: Variant, versions: Known, again: boolean) {
  const keeps = again && variant === 'delta';
  const known = (type: ResourceType) => {
    const had = versions.get(type);
    return keeps && had !== undefined ? knownVersions(had) : undefined;
  };
  const clusters = known('cluster');
  const endpoints = known('endpoint');
  /** Resources that each still waits for; of what it has it is only sent what has changed. */
  const lacking = new Map<Sidecar, number>();
  const wanted = keeps ? 1 : WORLD.services * 2;
  let waiting = STREAMS;
  const all = Promise.withResolvers<void>();
  const before = await subject.usage();
  const began = performance.now();
  const heard: SidecarListener = {
    resource: (sidecar, type, { name, version }) => {
      versions.get(type)?.set(name, version);
      const left = (lacking.get(sidecar) ?? wanted) - 1;
      lacking.set(sidecar, left);
      if (left === 0 && --waiting === 0) all.resolve();
    },
    response: (sidecar, type) => {
      if (type !== 'cluster' || asked.has(sidecar)) return;
      asked.add(sidecar);
      sidecar.subscribe('endpoint', NAMES, endpoints);
    },
    ended: (sidecar, retryAfter) => void comeBack(sidecar, retryAfter),
  };
  // Half as many as may be: who was turned away is counted for as long as it has not gone.
  const options = { perConnection: 50 };
  const sidecars = await Sidecars.connect(subject.port, STREAMS, variant, heard, options);
  const asked = new Set<Sidecar>();
  const comeBack = async (sidecar: Sidecar, retryAfter: number) => {
    if (asked.has(sidecar)) return;
    // As much again at random: those who were turned away together would come together.
    await pause((retryAfter || REFUSED) * (1 + Math.random()));
    sidecar.again()?.subscribe('cluster', [], clusters);
  };
  for (const sidecar of sidecars.all) sidecar.subscribe('cluster', [], clusters);
  let rss = 0;
  const done = all.promise.then(() => performance.now());
  let ended: number | undefined;
  while (ended === undefined) {
    ended = await Promise.race([done, pause(LOOK, undefined)]);
    rss = Math.max(rss, (await subject.usage()).rss);
  }
  await pause(100);
  const after = await subject.usage();
  const seconds = (ended - began) / 1000;
  return { sidecars, seconds, cpu: (after.cpu - before.cpu) / 1e6, rss: rss / 1e6 };
}
