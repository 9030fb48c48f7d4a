import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiClient, KubernetesError, RESOURCES } from '@meshkeeper/kubernetes';
import { startKubernetes, until } from '@meshkeeper/testbed';
import { runSource, service, slice, told } from './running-source.ts';

const { services, endpointSlices, namespaces } = RESOURCES;
const STEPS = process.env.MESHKEEPER_SOAK ? 20_000 : 600;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Numbers by chance that are the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('whatever happens on the way, what is known in the end is what a fresh reader finds', async () => {
  const seed = Number(process.env.MESHKEEPER_SEED ?? Date.now() % 1_000_000);
  const random = randomOf(seed);
  await using kubernetes = await startKubernetes({ bookmarks: 200 });
  const { kubeconfig } = kubernetes;
  await using client = await ApiClient.open({ kubeconfig });
  await client.create(namespaces, { metadata: { name: 'shop' } });
  await using running = await runSource({ kubeconfig });
  await until(() => running.resets === 1);

  const missing = (error: unknown) => {
    if (!(error instanceof KubernetesError && error.status === 404)) throw error;
  };
  const endpoints = () =>
    Array.from({ length: random(4) }, () => ({
      addresses: [`10.0.${random(3)}.${1 + random(20)}`],
      conditions: { ready: random(3) > 0, terminating: random(5) === 0 },
    }));
  const writes = [
    async (name: string) => {
      await client.apply(services, service('shop', name), { force: true });
    },
    (name: string) => client.delete(services, name, { namespace: 'shop' }).catch(missing),
    async (name: string) => {
      const of = `${name}-${random(3)}`;
      await client.apply(endpointSlices, slice('shop', name, of, endpoints()), { force: true });
    },
    async (name: string) => {
      const of = `${name}-${random(3)}`;
      await client.apply(endpointSlices, slice('shop', name, of, endpoints()), { force: true });
    },
    (name: string) =>
      client.delete(endpointSlices, `${name}-${random(3)}`, { namespace: 'shop' }).catch(missing),
  ];
  const reads = (code: number, retryAfter?: number) => {
    const verb = random(2) === 0 ? 'list' : 'watch';
    const fault = { type: 'fail', code, ...(retryAfter !== undefined && { retryAfter }) } as const;
    kubernetes.inject({ verb }, fault, { times: 1 + random(3) });
  };
  const faults = [
    () => kubernetes.cutWatches(),
    () => kubernetes.endWatches(),
    () => kubernetes.expireWatches(random(2) === 0 ? 'services' : 'endpointslices'),
    () => kubernetes.silenceWatches(random(2) === 0 ? 'services' : 'endpointslices'),
    () => kubernetes.compact(),
    () => reads(500),
    () => reads(503),
    () => reads(429, 0.05),
    () => reads(410),
    () =>
      kubernetes.inject({ verb: 'list' }, { type: 'delay', duration: random(100) }, { times: 2 }),
    () => kubernetes.inject({ verb: 'list' }, { type: 'lose' }, { times: 1 }),
    () => kubernetes.disturb({ duplicates: 0.3, swaps: 0.3 }),
  ];
  for (let step = 0; step < STEPS; step++) {
    if (random(12) === 0) faults[random(faults.length)]!();
    await writes[random(writes.length)]!(NAMES[random(NAMES.length)]!);
  }
  kubernetes.calm();

  await using fresh = await runSource({ kubeconfig });
  await until(() => fresh.resets === 1);
  const known = ({ services: all }: typeof fresh) =>
    Object.fromEntries([...all].sort().map(([name, each]) => [name, told(each)]));
  const expected = known(fresh);
  await until(
    () => {
      assert.deepEqual(known(running), expected, `seed ${seed}`);
      return true;
    },
    { message: `the source knows what a fresh one knows (MESHKEEPER_SEED=${seed})` },
  );
  await until(() => running.source.state.type === 'live');
  assert.ok(running.resets > 1, `nothing went wrong (seed ${seed})`);
});
