/** Measures one subject: `picks-process.ts NAME SIZE…` says what it costs, as a line of JSON. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from '../statistics.ts';
import type { Cost } from './protocol.ts';
import { type Picker, requests, type Subject, subjects } from './subjects.ts';

/** So many that the clock's 4 ms, a tick of Linux, are a nanosecond of a pick. */
const ROUND = 4_000_000;
const ROUNDS = 3;
const WARM_UPS = 1;
/** So few picks at a time that what they allocate, 16 bytes each, is counted before it is collected. */
const CHUNK = 20_000;
const CHUNKS = 500;
/** A power of 2, so that going round costs next to nothing. */
const REQUESTS = requests(4096);

setFlagsFromString('--expose-gc');
// What the flag puts into a new context.
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;

function run(picker: Picker, hashing: boolean, picks: number): number {
  let sum = 0;
  if (hashing) {
    for (let i = 0; i < picks; i++) sum ^= picker.pick(REQUESTS[i & 4095])!.facts.item;
  } else for (let i = 0; i < picks; i++) sum ^= picker.pick()!.facts.item;
  return sum;
}

/** Bytes by which the heap grows; the compiler, too, puts something there now and then. */
function growth(work: () => void): number {
  const grown: number[] = [];
  for (let i = 0; i < CHUNKS; i++) {
    collect({ type: 'minor' });
    const before = process.memoryUsage().heapUsed;
    work();
    grown.push(process.memoryUsage().heapUsed - before);
  }
  return median(grown);
}

function measure({ create, hashing }: Subject, endpoints: number): Cost {
  const picker = create(endpoints);
  const rounds: number[] = [];
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    // This thread's own time: the compiler has others, and the machine other work.
    const before = process.threadCpuUsage();
    run(picker, hashing, ROUND);
    const { user, system } = process.threadCpuUsage(before);
    if (round > 0) rounds.push(((user + system) * 1e3) / ROUND);
  }
  const bytes = growth(() => run(picker, hashing, CHUNK)) - growth(() => {});
  return { endpoints, nanoseconds: median(rounds), bytes: bytes / CHUNK };
}

const [name, ...sizes] = process.argv.slice(2);
const subject = subjects[name!];
if (!subject) throw new RangeError(`there is no ${name}`);
console.log(JSON.stringify(sizes.map((size) => measure(subject, Number(size)))));
