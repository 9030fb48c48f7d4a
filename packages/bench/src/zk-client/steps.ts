import type { Client, Done } from './client.ts';
import { MADE, NODES, VALUE_SIZE, WATCHES, WINDOWS } from './plan.ts';
import type { Result, Step, Watch } from './protocol.ts';

/** One operation: the `index`th of its step, in one of the window's slots. */
type Operate = (client: Client, index: number, slot: number, done: Done) => void;

const value = Buffer.alloc(VALUE_SIZE, 'v');
const nodes = Array.from({ length: WATCHES }, (_, index) => `${NODES}/${index}`);
const made = Array.from({ length: Math.max(...WINDOWS) }, (_, slot) => `${MADE}/${slot}`);

const node = (index: number) => nodes[index % nodes.length]!;

const operations: Readonly<Record<Step['operation'], Operate>> = {
  get: (client, index, _, done) => client.get(node(index), done),
  set: (client, index, _, done) => client.set(node(index), value, done),
  'create+delete'(client, _, slot, done) {
    const path = made[slot]!;
    client.create(path, value, (error) => (error ? done(error) : client.delete(path, done)));
  },
};

/** Runs a step, and measures it. */
export async function runStep(client: Client, step: Step): Promise<Result> {
  const stop = measure();
  await repeat(client, operations[step.operation], step);
  return stop();
}

/** Sets watches. What is returned waits until all have fired, and measures from the moment they were set. */
export async function setWatches(client: Client, watch: Watch): Promise<() => Promise<Result>> {
  const { promise: allFired, resolve } = Promise.withResolvers<void>();
  let left = watch.count;
  const fired = () => {
    if (--left === 0) resolve();
  };
  const set: Operate = (_, index, __, done) => client.watch(node(index), fired, done);
  await repeat(client, set, watch);
  const stop = measure();
  return async () => {
    await allFired;
    return stop();
  };
}

/** Keeps `window` operations outstanding until `count` of them are answered. */
function repeat(
  client: Client,
  operate: Operate,
  { window, count }: { readonly window: number; readonly count: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let answered = 0;
    const begin = (slot: number) => {
      if (next === count) return;
      operate(client, next++, slot, (error) => {
        if (error) reject(error);
        else if (++answered === count) resolve();
        else begin(slot);
      });
    };
    for (let slot = 0; slot < window; slot++) begin(slot);
  });
}

function measure(): () => Result {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  return () => {
    const seconds = (performance.now() - before) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { seconds, cpu: (user + system) / 1e6 };
  };
}
