import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Service } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import { CreateMode } from '@meshkeeper/zookeeper';
import {
  apisixSeed,
  DIALECTS,
  discover,
  Registrar,
  type Registration,
  type Revision,
  TreeSource,
} from '../../src/index.ts';
import { onServers } from '../stage.ts';

const registration: Registration = { service: 'web', address: '127.0.0.1', port: 1980 };
const encode = (change: Partial<Registration> = {}) =>
  apisixSeed.encode('/seed', { ...registration, ...change }, 0)[0]!;

describe('an instance is an element of the list of its service', () => {
  test("as in the seed's own example", () => {
    const { path, data, mode, parents } = encode();
    assert.equal(path, '/seed/web');
    assert.equal(data.toString(), '[{"host":"127.0.0.1","port":1980,"weight":100}]');
    assert.equal(mode, CreateMode.PERSISTENT);
    assert.equal(parents, 'persistent');
    assert.equal(
      encode({
        ...{ weight: 0, protocol: 'grpc', metadata: { a: 'é' } },
        locality: { region: 'r', zone: 'z', subzone: '' },
      }).data.toString(),
      '[{"host":"127.0.0.1","port":1980,"weight":0,"metadata":{"a":"é","region":"r","zone":"z","protocol":"grpc"}}]',
    );
    assert.match(encode({ health: 'draining', weight: 7 }).data.toString(), /"weight":0/);
  });

  test('what can’t be said is refused', () => {
    const changes: Partial<Registration>[] = [
      { service: '' },
      { service: 'a//b' },
      { address: 'a b' },
      { port: 0 },
      { weight: 0.5 },
      { weight: -1 },
    ];
    for (const change of changes)
      assert.throws(() => encode(change), { code: 'UNWRITABLE' }, JSON.stringify(change));
  });

  test('it is put among the others, once, and taken out; they stay to the letter', () => {
    const { merge, withdraw, data: own } = encode();
    const merged = (data: string) => merge?.(Buffer.from(data), own)?.toString();
    const withdrawn = (data: string) => withdraw?.(Buffer.from(data), own)?.toString();
    const others = '{"host":"a","port":1,"weight":1.50,"more":[1e3]}';
    const ours = '{"host":"127.0.0.1","port":1980,"weight":100}';
    assert.equal(merged(`[${others}]`), `[${others},${ours}]`);
    assert.equal(merged(`[${ours.replace('100', '7')},${others}]`), `[${ours},${others}]`);
    assert.equal(merged(`[ ${others}, ${ours} ]`), undefined);
    assert.equal(merged(''), `[${ours}]`);
    assert.equal(withdrawn(`[${others},${ours},7]`), `[${others},7]`);
    assert.equal(withdrawn(`[${ours}]`), '[]');
    assert.equal(withdrawn(`[${others}]`), undefined);
    for (const data of ['{}', 'text']) {
      assert.throws(() => merged(data), { code: 'NOT_OURS' });
      assert.throws(() => withdrawn(data), { code: 'NOT_OURS' });
    }
  });

  test('one thing is revised, the rest stays to the letter', () => {
    const data = '[{"host":"a","port":1,"weight":5,"other":1.50,"metadata":{"a":"b"}}]';
    const revise = (revision: Revision, of = data) =>
      apisixSeed.revise({ path: '/seed/web', data: Buffer.from(of) }, revision).data.toString();
    assert.equal(revise({}), data);
    assert.equal(revise({ weight: 7 }), data.replace('5', '7'));
    const drained = revise({ health: 'draining' });
    assert.equal(drained, data.replace(':5', ':0'));
    assert.equal(revise({ health: 'healthy', weight: 5 }, drained), data);
    assert.throws(() => revise({ health: 'healthy' }, drained), /state the weight/);
    assert.equal(revise({ health: 'healthy' }), data);
    assert.equal(revise({ metadata: { c: 'd' } }), data.replace('"b"', '"b","c":"d"'));
    for (const none of ['', '[]', '{}', '[7]', data.replace(']', ',{"host":"b","port":1}]')])
      assert.throws(() => revise({ weight: 1 }, none), { code: 'UNWRITABLE' });
  });
});

describe('lists for apisix-seed', { concurrency: true }, () => {
  onServers((on) => {
    test('many register in one list at a time; who is left out of it comes back', async () => {
      const root = on.fresh();
      const registrar = new Registrar({ zk: on.zk, dialect: apisixSeed, root });
      const ports = Array.from({ length: 10 }, (_, i) => i + 1);
      const registered = await Promise.all(
        ports.map((port) => registrar.register({ ...registration, port })),
      );
      const list = async (): Promise<{ port: number; weight: number }[]> =>
        JSON.parse(String((await on.zk.get(`${root}/web`)).data));
      const there = async () => (await list()).map(({ port }) => port).sort((a, b) => a - b);
      assert.deepEqual(await there(), ports);
      await Promise.all(registered.map((each, i) => each.revise({ weight: i })));
      assert.deepEqual(
        (await list()).map(({ port, weight }) => port - weight),
        ports.map(() => 1),
      );
      await on.zk.set(`${root}/web`, '[{"host":"a","port":99}]');
      await until(async () => (await there()).length === 11);
      assert.equal((await list()).find(({ port }) => port === 3)?.weight, 2);
      await on.zk.delete(`${root}/web`);
      await until(async () => (await there().catch(() => [])).length === 10);
      await Promise.all(registered.map((each) => each.close()));
      assert.deepEqual(await there(), []);
    });

    test('who is taken out of a list was deregistered; a list that is none any more says nothing', async () => {
      const root = on.fresh();
      const path = `${root}/web`;
      const of = (...ports: number[]) =>
        JSON.stringify(ports.map((port) => ({ host: '127.0.0.1', port })));
      await on.zk.create(path, of(1, 2, 3), { parents: true });
      const source = new TreeSource({ name: 's', dialect: apisixSeed, zk: on.zk, root });
      const stop = new AbortController();
      const late = AbortSignal.timeout(30_000);
      const changes = source.changes(AbortSignal.any([stop.signal, late]));
      const next = async () => {
        const { value: change } = await changes.next();
        assert.ok(change && change.type !== 'reset');
        const service: Service | undefined = change.type === 'upsert' ? change.service : undefined;
        return [service?.endpoints.map(({ port }) => port), Object.fromEntries(change.departed!)];
      };
      await changes.next();
      await on.zk.set(path, of(1, 3));
      assert.deepEqual(await next(), [[1, 3], { '127.0.0.1:2': 'deregistered' }]);
      await on.zk.set(path, of());
      const all = { '127.0.0.1:1': 'deregistered', '127.0.0.1:3': 'deregistered' };
      assert.deepEqual(await next(), [[], all]);
      await on.zk.set(path, of(1));
      assert.deepEqual(await next(), [[1], {}]);
      await on.zk.set(path, '{');
      assert.deepEqual(await next(), [undefined, {}]);
      stop.abort();
      await changes.return(undefined);
    });

    test('they are found, also where ZooKeeper has its own', async () => {
      const registrar = new Registrar({ zk: on.zk, dialect: apisixSeed, root: '/zookeeper' });
      await using _one = await registrar.register(registration);
      await using _two = await registrar.register({ ...registration, port: 2 });
      const { registries } = await discover(on.zk, DIALECTS.values());
      const found = registries.find(({ root }) => root === '/zookeeper');
      assert.deepEqual(found, {
        ...{ dialect: 'apisix-seed', root: '/zookeeper', example: '/zookeeper/web' },
        ...{ services: 1, instances: 2 },
      });
    });
  });
});
