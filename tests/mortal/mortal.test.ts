import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ConfigStore } from '@meshkeeper/config';
import { startEnsemble, startZooKeeper, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { handOver, Resource } from './lock-holder.ts';
import { MortalReplicas } from './mortal-replicas.ts';
import { Publisher } from './publisher.ts';
import { Registrar, SERVICE } from './registrar.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
/** Publishes, lock hand-overs and registrations together. */
const OPERATIONS = SOAK ? 10_000 : 240;
const KILLS = SOAK ? 100 : 2;

const SERVERS = {
  'the embedded server': () => startZooKeeperServer({ port: 0 }),
  ...(SOAK
    ? { 'an ensemble of three': () => startEnsemble() }
    : { 'Apache ZooKeeper': () => startZooKeeper() }),
};

describe('replicas that die', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(SERVERS))
    describe(`on ${name}`, { concurrency: 1 }, () => {
      const stack = new AsyncDisposableStack();
      let zk: ZooKeeper;
      let replicas: MortalReplicas;
      before(async () => {
        const server = await start();
        stack.defer(() => server.close());
        zk = stack.use(await connect({ connect: server.connect }));
        replicas = stack.use(await MortalReplicas.start(server.connect));
      });
      after(() => stack.disposeAsync());

      test('nothing acknowledged is lost, nothing done twice, one holder at a time', async (t) => {
        await using own = new AsyncDisposableStack();
        const publishers = await Promise.all(
          ['one', 'two'].map(async (each) => own.use(await Publisher.open(replicas, zk, each))),
        );
        const registrars = ['a', 'b'].map((each) => new Registrar(replicas, each));
        const resources = new Map(['a', 'b'].map((each) => [each, new Resource()]));
        let done = 0;
        const over = new AbortController();
        const again = async (act: (turn: number) => Promise<void>) => {
          for (let turn = 0; done < OPERATIONS && !over.signal.aborted; turn++) {
            await act(turn);
            done++;
          }
        };
        const hold = (holder: number) =>
          again((turn) => {
            const lock = Math.random() < 0.5 ? 'a' : 'b';
            return handOver(replicas, lock, `w${holder}-${turn}`, resources.get(lock)!);
          });
        const kill = async () => {
          for (let kill = 1; kill <= KILLS; kill++) {
            const due = (kill * OPERATIONS) / (KILLS + 1);
            await until(() => done >= due, { timeout: 3_600_000, signal: over.signal });
            await replicas.kill();
          }
        };
        await Promise.all([
          ...publishers.map((publisher) => again(() => publisher.publish())),
          ...registrars.map((registrar) => again(() => registrar.turn())),
          ...[1, 2, 3, 4].map(hold),
          kill(),
        ]);

        await zk.sync();
        const store = new ConfigStore({ zk });
        let unknown = 0;
        for (const publisher of publishers) unknown += await publisher.check(store);
        t.diagnostic(`${replicas.lost} answers were lost, ${unknown} publishes looked up`);
        for (const [lock, { entered }] of resources) assert.ok(entered > 10, `${lock}: ${entered}`);
        const there = new Map<string, number>();
        for (const id of await names(`/services/${SERVICE}`)) {
          const { data } = await zk.get(`/services/${SERVICE}/${id}`);
          there.set(id, JSON.parse(String(data)).port);
        }
        const registered = registrars.flatMap((registrar) => [...registrar.registered]);
        assert.deepEqual([...there].sort(), registered.sort());
        // Whatever a dead replica has left in a queue goes in time, and all that is left is registered.
        for (const lock of resources.keys())
          await until(async () => (await names(`/meshkeeper/locks/${lock}`)).length === 0);
        for (const folder of ['leases', 'claims'])
          assert.equal((await names(`/meshkeeper/${folder}`)).length, registered.length, folder);
      });

      test('a replica that was stopped ends nothing that was kept alive elsewhere', async () => {
        const [slept] = replicas.running;
        const [here, there] = replicas.apis;
        const lock = '/api/v1/locks/sleeper';
        const fencing = async (response: Response) =>
          ((await response.json()) as { readonly fencing?: string }).fencing;
        const put = async (api: string | undefined) => {
          const response = await fetch(`${api}${lock}/h`, { method: 'PUT' });
          return [response.status, await fencing(response)];
        };
        const made = await fetch(`${here}${lock}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ holder: 'h', ttl: 1_000 }),
        });
        const held = [200, await fencing(made)];
        const keep = async (milliseconds: number) => {
          for (const end = performance.now() + milliseconds; performance.now() < end; ) {
            assert.deepEqual(await put(there), held);
            await pause(100);
          }
        };
        process.kill(slept!.pid, 'SIGSTOP');
        try {
          // Longer than what it knows of lasts.
          await keep(2_500);
        } finally {
          process.kill(slept!.pid, 'SIGCONT');
        }
        const awake = put(here);
        await keep(1_500);
        assert.deepEqual(await awake, held);
        assert.deepEqual(await put(here), held);
        await fetch(`${here}${lock}/h`, { method: 'DELETE' });
      });

      async function names(path: string): Promise<readonly string[]> {
        try {
          return (await zk.children(path)).children;
        } catch (error) {
          if (isZooKeeperError(error, 'NO_NODE')) return [];
          throw error;
        }
      }
    });
});
