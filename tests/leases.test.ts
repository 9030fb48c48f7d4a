import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { compareFencing, type Fencing, parseFencing } from '@meshkeeper/recipes';
import { startZooKeeper, until, type ZooKeeperServer } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Running } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';

/** Lock hand-overs and registrations together, while replicas die. */
const OPERATIONS = process.env.MESHKEEPER_SOAK ? 10_000 : 240;
const KILLS = process.env.MESHKEEPER_SOAK ? 100 : 3;
const TTL = 2_000;

/** What a lock protects: it knows who believes to hold it, and refuses tokens that are not newer. */
class Resource {
  readonly #believers = new Map<string, number>();
  #newest: Fencing = { generation: 0n, czxid: 0n };
  entered = 0;

  enter(holder: string, token: string, until: number): void {
    const now = performance.now();
    for (const [other, deadline] of this.#believers)
      assert.ok(
        deadline <= now,
        `${holder} came in while ${other} held it for ${deadline - now} ms yet`,
      );
    const fencing = parseFencing(token);
    assert.ok(fencing !== undefined, token);
    assert.ok(compareFencing(fencing, this.#newest) > 0, `${token} is not newer`);
    this.#newest = fencing;
    this.#believers.set(holder, until);
    this.entered++;
  }

  leave(holder: string): void {
    this.#believers.delete(holder);
  }
}

describe('leases and replicas that die', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  const planes: Running[] = [];
  let next = 0;
  before(async () => {
    server = await startZooKeeper();
    zk = await connect({ connect: server.connect });
    planes.push(...(await Promise.all([1, 2].map(() => startControlPlane(server.connect)))));
  });
  after(async () => {
    for (const plane of planes) await plane[Symbol.asyncDispose]();
    await zk?.close();
    await server?.close();
  });

  /** Asks one replica after the other until one answers that can. */
  const ask = async (method: string, path: string, body?: unknown) => {
    for (;;) {
      const { api } = planes[next++ % planes.length]!.ready;
      const at = performance.now();
      try {
        const response = await fetch(`${api}/api/v1${path}`, {
          method,
          ...(body !== undefined && {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        if (response.status < 500)
          return { at, status: response.status, body: text === '' ? undefined : JSON.parse(text) };
      } catch {
        // It is gone; the next one.
      }
      await pause(20);
    }
  };

  /** One hand-over: acquired, kept alive elsewhere, released. */
  const handOver = async (name: string, holder: string, resource: Resource) => {
    for (;;) {
      const granted = await ask('POST', `/locks/${name}`, { holder, ttl: TTL, wait: '10s' });
      if (granted.status === 409) continue;
      assert.equal(granted.status, 201, JSON.stringify(granted.body));
      const kept = await ask('PUT', `/locks/${name}/${holder}`);
      const until = kept.at + TTL;
      if (kept.status === 404) {
        // It took longer to ask than it lasted: nobody has said that it was held.
        assert.ok(performance.now() - granted.at > granted.body.expiresIn, 'lost what was granted');
        continue;
      }
      assert.equal(kept.status, 200, JSON.stringify(kept.body));
      if (performance.now() >= until) continue;
      resource.enter(holder, kept.body.fencing, until);
      await pause(Math.random() * 5);
      const again = await ask('PUT', `/locks/${name}/${holder}`);
      if (again.at < until && performance.now() < until)
        assert.deepEqual([again.status, again.body.fencing], [200, kept.body.fencing]);
      resource.leave(holder);
      const released = await ask('DELETE', `/locks/${name}/${holder}`);
      assert.equal(released.status, 204);
      return;
    }
  };

  test('one holder at a time; what was acknowledged is there, once', async () => {
    const resources = new Map(['a', 'b'].map((name) => [name, new Resource()]));
    const registered = new Map<string, number>();
    let done = 0;
    const worker = async (number: number) => {
      for (let i = 0; done < OPERATIONS; i++) {
        const name = Math.random() < 0.5 ? 'a' : 'b';
        await handOver(name, `w${number}-${i}`, resources.get(name)!);
        done++;
      }
    };
    const registrar = async (number: number) => {
      for (let i = 0; done < OPERATIONS; i++) {
        const id = `r${number}-${Math.floor(Math.random() * 5)}`;
        const path = `/services/mortal/endpoints/${id}`;
        if (Math.random() < 0.6) {
          const port = 1_000 + i;
          const put = await ask('PUT', path, { address: '127.0.0.1', port, ttl: '10m' });
          assert.equal(put.status, 200, JSON.stringify(put.body));
          registered.set(id, port);
          const beat = await ask('POST', `${path}/heartbeat`);
          assert.equal(beat.status, 200, JSON.stringify(beat.body));
        } else {
          assert.equal((await ask('DELETE', path)).status, 204);
          registered.delete(id);
          assert.equal((await ask('POST', `${path}/heartbeat`)).status, 404);
        }
        done++;
      }
    };
    const killer = async () => {
      for (let kill = 1; kill <= KILLS; kill++) {
        const due = (kill * OPERATIONS) / (KILLS + 1);
        await until(() => done >= due, { timeout: 3_600_000 });
        const victim = Math.random() < 0.5 ? 0 : 1;
        await planes[victim]!.end('SIGKILL');
        planes[victim] = await startControlPlane(server.connect);
      }
    };
    await Promise.all([...[1, 2, 3, 4].map(worker), ...[1, 2].map(registrar), killer()]);

    for (const [name, { entered }] of resources) assert.ok(entered > 10, `${name}: ${entered}`);
    const there = new Map<string, number>();
    for (const id of await names('/services/mortal')) {
      const { data } = await zk.get(`/services/mortal/${id}`);
      there.set(id, JSON.parse(String(data)).port);
    }
    assert.deepEqual([...there].sort(), [...registered].sort());
    // Whatever a dead replica has left in a queue goes in time, and all that is left is registered.
    for (const name of resources.keys())
      await until(async () => (await names(`/meshkeeper/locks/${name}`)).length === 0);
    for (const folder of ['leases', 'claims'])
      assert.equal((await names(`/meshkeeper/${folder}`)).length, registered.size, folder);
  });

  test('a replica that was stopped ends nothing that was kept alive elsewhere', async () => {
    const [slept, other] = planes as [Running, Running];
    const call = async (plane: Running, method: string, path: string, body?: unknown) => {
      const response = await fetch(`${plane.ready.api}/api/v1${path}`, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      return { status: response.status, body: JSON.parse(await response.text()) };
    };
    const made = await call(slept, 'POST', '/locks/sleeper', { holder: 'h', ttl: 1_000 });
    const { fencing } = made.body;
    process.kill(slept.pid, 'SIGSTOP');
    const keep = async (milliseconds: number) => {
      for (const end = performance.now() + milliseconds; performance.now() < end; ) {
        const kept = await call(other, 'PUT', '/locks/sleeper/h');
        assert.deepEqual([kept.status, kept.body.fencing], [200, fencing]);
        await pause(100);
      }
    };
    try {
      // Longer than what it knows of lasts.
      await keep(2_500);
    } finally {
      process.kill(slept.pid, 'SIGCONT');
    }
    const awake = call(slept, 'PUT', '/locks/sleeper/h');
    await keep(1_500);
    assert.equal((await awake).status, 200);
    assert.deepEqual((await call(slept, 'PUT', '/locks/sleeper/h')).body.fencing, fencing);
    await ask('DELETE', '/locks/sleeper/h');
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
