import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { connect, type TransactionOp } from '../../src/index.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const EVENTS = SOAK ? 10_000_000 : 100_000;
const CHECKPOINTS = 20;
const SERVICES = 20;
const INSTANCES = 50;
/** Transactions between two looks at whether the cache keeps up. */
const STEP = 40;
/** How much the last quarter of the checkpoints may have above the second. */
const USED = 1.05;
const RESIDENT = SOAK ? 1.2 : 1.5; // a short run ends while V8 still makes its young generation larger

/** What the process with the caches tells. */
interface Figures {
  readonly events: number;
  readonly size: number;
  readonly heard: number;
  readonly same: boolean;
  readonly alike: boolean;
  readonly missed: number;
  readonly watches: unknown;
  /** Bytes of the heap and beside it, after a collection. */
  readonly used: number;
  readonly resident: number;
}

const median = (of: readonly number[]) => of.toSorted((a, b) => a - b)[of.length >> 1]!;
const quarter = <T>(of: readonly T[], nth: number) =>
  of.slice((of.length * nth) / 4, (of.length * (nth + 1)) / 4);

test(`${EVENTS} events leave the caches as large as they were`, {
  timeout: 3_600_000,
}, async (t) => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 2000 });
  await using zk = await connect({ connect: server.connect });
  let made = 0;
  const nameOf = (service: number, n: number) =>
    `/t/service-${service}/instance-${`${n}`.padStart(10, '0')}`;
  const dataOf = (n: number) => `{"address":"10.0.0.1","n":${n},"more":"${'x'.repeat(n % 300)}"}`;
  const services = Array.from({ length: SERVICES }, () => [] as number[]);
  await zk.create('/t');
  for (const [i, instances] of services.entries()) {
    await zk.create(`/t/service-${i}`);
    for (let n = 0; n < INSTANCES; n++) {
      await zk.create(nameOf(i, made), dataOf(made));
      instances.push(made++);
    }
  }
  /** A service starts anew under other names, which are never seen again, and changes some data. */
  const change = async (nth: number) => {
    const service = nth % SERVICES;
    const instances = services[service]!;
    const ops: TransactionOp[] = [{ op: 'set', path: `/t/service-${service}`, data: dataOf(nth) }];
    for (const [at, n] of instances.entries()) {
      if (at % 3 === 0) {
        ops.push({ op: 'set', path: nameOf(service, n), data: dataOf(n + nth) });
        continue;
      }
      ops.push({ op: 'delete', path: nameOf(service, n) });
      ops.push({ op: 'create', path: nameOf(service, made), data: dataOf(made) });
      instances[at] = made++;
    }
    await zk.multi(ops);
  };
  const child = fork(new URL('./churn-process.ts', import.meta.url), [server.connect], {
    execArgv: ['--conditions=source', '--expose-gc'],
  });
  try {
    await once(child, 'message');
    const ask = async (what: 'keep up' | 'figures') => {
      const answer = once(child, 'message');
      child.send(what);
      return (await answer)[0];
    };
    const figures: Figures[] = [];
    let events = 0;
    for (let checkpoint = 1, nth = 0; checkpoint <= CHECKPOINTS; checkpoint++) {
      while (events < (EVENTS / CHECKPOINTS) * checkpoint) {
        const changes = Array.from({ length: STEP }, () => change(nth++));
        // The next changes are on their way while it reads the last ones.
        [events] = await Promise.all([ask('keep up'), ...changes]);
      }
      const now = await ask('figures');
      figures.push(now);
      t.diagnostic(
        `${now.events} events, ${(now.used / 1e6).toFixed(1)} MB used, ${Math.round(now.resident / 1e6)} MB resident`,
      );
      assert.equal(now.size, 1 + SERVICES * (INSTANCES + 1));
      assert.equal(now.heard, now.size);
      assert.ok(now.same, 'who only listens has the same');
      assert.ok(now.alike, 'the two caches have the same');
      assert.equal(now.missed, 0);
      assert.deepEqual(now.watches, figures[0]?.watches);
    }
    for (const [what, most] of [
      ['used', USED],
      ['resident', RESIDENT],
    ] as const) {
      const [early, late] = [1, 3].map((n) => median(quarter(figures, n).map((now) => now[what])));
      const ratio = late! / early!;
      t.diagnostic(`${what}: ${ratio.toFixed(3)} of what it was`);
      assert.ok(ratio < most, `${what}: ${early} bytes, and ${late} at the end`);
    }
  } finally {
    child.kill();
  }
});
