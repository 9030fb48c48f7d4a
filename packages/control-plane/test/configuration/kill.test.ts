import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { ConfigStore } from '@meshkeeper/config';
import { startZooKeeper } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { callAt } from '../api/plane.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const PUBLISHES = SOAK ? 10_000 : 80;
/** After so many publishes a replica is killed. */
const EVERY = SOAK ? 250 : 30;

interface Replica {
  readonly child: ChildProcess;
  readonly api: string;
}

test(`${PUBLISHES} publishes while replicas are killed: nothing acknowledged is lost, nothing done twice`, {
  timeout: SOAK ? 3_600_000 : 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper());
  const zk = stack.use(await connect({ connect: server.connect }));
  const store = new ConfigStore({ zk });
  const signal = AbortSignal.timeout(SOAK ? 3_600_000 : 120_000);
  const start = async (): Promise<Replica> => {
    const file = join(import.meta.dirname, 'replica.ts');
    const child = spawn(process.execPath, ['--conditions=source', file, server.connect], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    stack.defer(() => void child.kill('SIGKILL'));
    const [api] = await once(createInterface({ input: child.stdout }), 'line', { signal });
    return { child, api: String(api) };
  };
  let replicas: Replica[] = await Promise.all([start(), start()]);
  let starting: Promise<unknown> = Promise.resolve();
  const kill = () => {
    const [victim, ...others] = replicas.toSorted(() => Math.random() - 0.5);
    replicas = others;
    victim?.child.kill('SIGKILL');
    starting = start().then((fresh) => {
      replicas = [...replicas, fresh];
    });
  };

  let turn = 0;
  /** Undefined: it is not known whether it was done. */
  const ask = async (method: string, path: string, body: unknown) => {
    const replica = replicas[turn++ % replicas.length]!;
    try {
      return await callAt(replica.api, `/api/v1/config/shop/default${path}`, {
        method,
        headers: { 'content-type': 'application/json', 'if-match': '*' },
        body: JSON.stringify(body),
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined; // it was killed
    }
  };
  const acknowledged = new Map<number, number>();
  let unknown = 0;
  for (let i = 1; i <= PUBLISHES; i++) {
    while ((await ask('PATCH', '/draft', { set: { counter: `${i}` } }))?.status !== 200);
    if (i % EVERY === 0) {
      await starting;
      // In the middle of what follows, whichever serves it.
      setImmediate(kill);
    }
    for (;;) {
      const answer = await ask('POST', '/publish', { message: `${i}` });
      if (answer === undefined) {
        unknown++;
        continue;
      }
      if (answer.status === 200) {
        acknowledged.set(answer.body.release.number, i);
        break;
      }
      // The one before, of which the answer was lost, was made.
      assert.deepEqual([answer.status, answer.body.code], [404, 'unknown-config'], answer.text);
      break;
    }
  }
  const shop = { application: 'shop', namespace: 'default' };
  const releases = await store.releases.list(shop, { limit: PUBLISHES * 2 }, signal);
  // Older ones than a thousand are perhaps collected.
  assert.ok(releases.length >= Math.min(PUBLISHES, 1_000) && releases.length <= PUBLISHES);
  for (const { number, message } of releases) {
    assert.equal(message, `${number}`, 'each once, in their order');
    const told = acknowledged.get(number);
    assert.ok(told === undefined || told === number);
  }
  assert.equal(releases[0]?.number, PUBLISHES);
  assert.ok(acknowledged.size >= PUBLISHES - unknown);
});
