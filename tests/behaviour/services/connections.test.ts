import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { occupy, send, sendAll } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const POOL = field('connectionPool');

describe('how connections are kept', () => {
  const stand = new Stand();
  const web = new Fleet('http', 2);
  const rpc = new Fleet('grpc', 1);
  const [limited, other] = web.instances;

  /** A service of one instance, with the policy's pool, and one of the other without. */
  async function pooled(pool: string) {
    const service = web.service('pooled', (at) => (at === 0 ? {} : undefined));
    const free = web.service('free', (at) => (at === 1 ? {} : undefined));
    const policies = servicePolicy(service.name, `connectionPool: { ${pool} }`);
    await stand.set(policies, service, free);
    return { service, free, policies };
  }

  test('maxRequestsPerConnection', async () => {
    const { service, free, policies } = await pooled('maxRequestsPerConnection: 2');
    await prove(stand.proxies, policies, POOL, async (plane) => {
      await Promise.all([sendAll(plane, service, 1), sendAll(plane, free, 1)]);
      const before = [limited!.connections, other!.connections];
      await sendAll(plane, service, 7);
      await sendAll(plane, free, 7);
      const now = [limited!.connections, other!.connections];
      assert.deepEqual(now, [before[0]! + 3, before[1]]);
    });
  });

  test('idleTimeout: an unused connection is closed', async () => {
    const { service, free, policies } = await pooled('idleTimeout: 100ms');
    await prove(stand.proxies, policies, POOL, async (plane) => {
      await Promise.all([send(plane, service), send(plane, free)]);
      const { open } = other!;
      assert(open > 0);
      await until(() => limited!.open === 0);
      assert.equal(other!.open, open, 'others are kept');
    });
  });

  test('maxConnectionDuration: also one that is used', async () => {
    const { service, free, policies } = await pooled('maxConnectionDuration: 200ms');
    await prove(stand.proxies, policies, POOL, async (plane) => {
      await Promise.all([send(plane, service), send(plane, free)]);
      const before = [limited!.connections, other!.connections];
      await until(async () => {
        assert.deepEqual(
          await Promise.all([send(plane, service), send(plane, free)]),
          [limited!.name, other!.name],
          'no request is lost by it',
        );
        return limited!.connections >= before[0]! + 2;
      });
      assert.equal(other!.connections, before[1], 'others are kept');
    });
  });

  test('maxConcurrentStreams: of HTTP/2, so many requests a connection', async () => {
    const service = rpc.service('streams');
    const policies = servicePolicy(service.name, 'connectionPool: { maxConcurrentStreams: 2 }');
    await stand.set(policies, service);
    const [instance] = rpc.instances;
    await prove(stand.planes, policies, POOL, async (plane) => {
      const before = instance!.connections;
      const release = await occupy(plane, service, instance!, 5);
      const opened = instance!.connections - before;
      await release();
      assert.equal(opened, 3);
    });
  });

  test('tcpKeepalive', {
    skip: process.platform !== 'linux' && 'it is read in /proc',
  }, async () => {
    const { service, free, policies } = await pooled('tcpKeepalive: { time: 1000s, interval: 5s }');
    await prove(stand.proxies, policies, POOL, async (plane) => {
      await Promise.all([send(plane, service), send(plane, free)]);
      const [own] = await keepalives(limited!.port);
      assert(own !== undefined && own > 900 && own <= 1000, `first after ${own} s`);
      const others = await keepalives(other!.port);
      assert(!others.some((time) => time > 900 && time <= 1000), `${others.join()} s`);
    });
  });
});

/** In how many seconds connections to a port are probed, of those that are: `proc_pid_net(5)`. */
async function keepalives(port: number): Promise<number[]> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const rows = table.trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, , remote = '', state, , timer = ''] = row.trim().split(/\s+/);
    const [kind, when = ''] = timer.split(':');
    const isOurs = Number.parseInt(remote.split(':')[1] ?? '', 16) === port;
    // Established, with a timer that is of keep-alive; hundredths of seconds.
    return isOurs && state === '01' && kind === '02' ? [Number.parseInt(when, 16) / 100] : [];
  });
}
