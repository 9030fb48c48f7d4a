import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { certificate, tempDir, until } from '@meshkeeper/testbed';
import { type AConsul, aConsul } from './a-consul.ts';
import { followed } from './follower.ts';

const FAST = { wait: '2s', queriesPerSecond: 1_000 };

describe('a Consul that is read', () => {
  let consul: AConsul;
  before(async () => {
    consul = await aConsul();
  });
  after(() => consul?.[Symbol.asyncDispose]());
  const settings = () => ({ address: consul.url, services: [`${consul.prefix}*`], ...FAST });

  test('instances come with health, weight, tags, meta, datacentre and addresses', async () => {
    const { prefix } = consul;
    await consul.register({
      ...{ service: 'web', id: 'w1', port: 8080, address: '10.0.0.1', status: 'passing' },
      ...{ tags: ['v2'], meta: { protocol: 'grpc', team: 'shop' } },
      weights: { Passing: 3, Warning: 1 },
    });
    await consul.register({ service: 'web', id: 'w2', port: 8081, status: 'warning' });
    await consul.register({ service: 'web', id: 'w3', port: 8082, status: 'critical' });
    await consul.register({ service: 'web', id: 'w4', port: 8083 });
    await consul.register({
      ...{ service: 'web', id: 'ours', port: 8084, node: 'other' },
      meta: { 'meshkeeper-mirror': '0123456789ab/consul/spring' },
    });
    await consul.register({ service: 'broken', id: 'b1', port: 0 });
    await using all = await followed(settings());
    await until(() => all.resets > 0);
    const web = all.services.get(`${prefix}web`)!;
    assert.equal(web.protocol, 'grpc');
    const datacenter = web.endpoints[0]!.locality.region;
    const host = `${prefix}web.service`.toLowerCase();
    assert.deepEqual(web.hosts, [`${host}.consul`, `${host}.${datacenter}.consul`]);
    await using bare = await followed({ ...settings(), hosts: false });
    await until(() => bare.resets > 0);
    assert.equal(bare.services.get(`${prefix}web`)?.hosts, undefined);
    assert.deepEqual(
      web.endpoints.map(({ id, address, port, weight, health }) => [
        id,
        address,
        port,
        weight,
        health,
      ]),
      [
        [`${prefix}n1/${prefix}w1`, '10.0.0.1', 8080, 300, 'healthy'],
        [`${prefix}n1/${prefix}w2`, '10.9.0.1', 8081, 100, 'healthy'],
        [`${prefix}n1/${prefix}w3`, '10.9.0.1', 8082, 100, 'unhealthy'],
        [`${prefix}n1/${prefix}w4`, '10.9.0.1', 8083, 100, 'unknown'],
      ],
    );
    assert.deepEqual(web.endpoints[0]!.metadata, {
      ...{ protocol: 'grpc', team: 'shop', 'consul.tag.v2': 'true' },
      'consul.node': `consul/${datacenter}/${prefix}n1`,
    });
    assert.deepEqual(
      [...all.source.problems.values()].map(({ code, services }) => [code, services]),
      [['bad-address', [`${prefix}broken`]]],
    );
    assert.deepEqual(all.source.state, { type: 'live' });
  });

  test('what changes is told: health, meta, instances that come and go, services that end', async () => {
    const { prefix } = consul;
    const name = `${prefix}life`;
    await consul.register({ service: 'life', id: 'l1', port: 1, status: 'passing' });
    await using all = await followed(settings());
    await until(() => all.services.has(name));
    const seen = (port: number) =>
      all.services.get(name)?.endpoints.find((endpoint) => endpoint.port === port);
    await consul.register({ service: 'life', id: 'l1', port: 1, status: 'critical' });
    await until(() => seen(1)?.health === 'unhealthy');
    await consul.register({ service: 'life', id: 'l1', port: 1, status: 'warning' });
    await until(() => seen(1)?.health === 'healthy');
    await consul.register({ service: 'life', id: 'l2', port: 2, node: 'n2' });
    await until(() => seen(2));
    await consul.register({ service: 'life', id: 'l2', port: 2, node: 'n2', meta: { a: 'b' } });
    await until(() => seen(2)?.metadata.a === 'b');
    await consul.deregister('l1');
    await until(() => seen(1) === undefined);
    assert.equal(all.departed.get(`${prefix}n1/${prefix}l1`), 'deregistered');
    await consul.deregister('l2', 'n2');
    await until(() => !all.services.has(name));
    assert.equal(all.departed.get(`${prefix}n2/${prefix}l2`), 'deregistered');
  });

  test('a node in maintenance drains all that is on it', async () => {
    const { prefix } = consul;
    await consul.register({ service: 'kept', id: 'k1', port: 1, node: 'm', status: 'passing' });
    await using all = await followed(settings());
    const health = () => all.services.get(`${prefix}kept`)?.endpoints[0]?.health;
    await until(() => health() === 'healthy');
    const check = { Node: `${prefix}m`, CheckID: '_node_maintenance', Name: 'maintenance' };
    await consul.put('/v1/catalog/register', {
      ...{ Node: `${prefix}m`, SkipNodeUpdate: true },
      Check: { ...check, Status: 'critical' },
    });
    await until(() => health() === 'draining');
    await consul.put('/v1/catalog/deregister', {
      Node: `${prefix}m`,
      CheckID: '_node_maintenance',
    });
    await until(() => health() === 'healthy');
  });
});

describe('an agent that is not what it should be', () => {
  test('away: what was read is kept and stale; back: read anew', async () => {
    await using consul = await aConsul({});
    const standIn = consul.standIn!;
    await consul.register({ service: 'web', id: 'w1', port: 1 });
    await using all = await followed({ address: consul.url, ...FAST });
    await until(() => all.resets === 1);
    standIn.away = true;
    standIn.cut();
    await until(() => all.source.state.type === 'stale');
    assert.equal(all.services.size, 1);
    standIn.away = false;
    await consul.register({ service: 'web', id: 'w2', port: 2 });
    await until(() => all.source.state.type === 'live');
    assert.equal(all.services.get(`${consul.prefix}web`)?.endpoints.length, 2);
    assert.equal(all.source.problems.size, 0);
  });

  test('an index that goes backwards is of another history: nothing is lost, nothing is deregistered', async () => {
    await using consul = await aConsul({ index: 5_000 });
    for (const n of [1, 2, 3, 4])
      await consul.register({ service: `s${n}`, id: `i${n}`, port: n, status: 'passing' });
    await using all = await followed({ address: consul.url, ...FAST });
    await until(() => all.resets === 1);
    consul.standIn!.catalog().restore(20, { empty: true });
    await consul.register({ service: 's1', id: 'i1', port: 1, status: 'critical' });
    await until(() => all.resets > 1);
    await until(() => all.services.get(`${consul.prefix}s1`)?.endpoints[0]?.health === 'unhealthy');
    assert.deepEqual([...all.services.keys()], [`${consul.prefix}s1`]);
    assert.deepEqual([...new Set(all.departed.values())], ['unknown']);
  });

  test('a token that may see nothing any more takes nothing away', async () => {
    await using consul = await aConsul({ acl: { write: 'w', read: 'r' } });
    await using folder = await tempDir();
    const file = join(folder.path, 'token');
    await writeFile(file, 'r\n');
    const standIn = consul.standIn!;
    const body = JSON.stringify({
      Node: 'n',
      Address: '10.0.0.1',
      Service: { Service: 'web', Port: 1 },
    });
    const headers = { 'x-consul-token': 'w' };
    await fetch(`${consul.url}/v1/catalog/register`, { method: 'PUT', body, headers });
    await using all = await followed({ address: consul.url, token: { file }, ...FAST });
    await until(() => all.services.has('web'));
    // Who has no rights is shown an empty list, with 200.
    standIn.trouble = ({ query }) => {
      query.set('token', '');
      return undefined;
    };
    standIn.cut();
    await until(() => all.source.state.type === 'stale');
    await until(
      () =>
        [...all.source.problems.values()].some(({ message }) => /may not see/.test(message)) ||
        undefined,
    );
    assert.deepEqual([...all.services.keys()], ['web']);
    standIn.trouble = () => undefined;
    await until(() => all.source.state.type === 'live');
    await writeFile(file, 'wrong');
    assert.ok(![...all.source.problems.values()].some(({ message }) => message.includes('wrong')));
  });

  test('TLS: authority, client certificate and another name', async () => {
    await using folder = await tempDir();
    const authority = await certificate(folder.path, 'ca');
    const own = await certificate(folder.path, 'agent', {
      hosts: ['server.dc1.consul'],
      signer: authority,
    });
    const client = await certificate(folder.path, 'client', {
      hosts: ['client'],
      signer: authority,
    });
    await using consul = await aConsul({
      tls: { certificate: own, clientAuthority: authority.cert },
    });
    const tls = { ca: authority.cert, certificate: client.cert, key: client.key };
    const serverName = 'server.dc1.consul';
    await using all = await followed({
      address: consul.url,
      tls: { ...tls, serverName },
      ...FAST,
      except: [],
    });
    await until(() => all.services.has('consul'));
    await using without = await followed({
      address: consul.url,
      tls: { ca: tls.ca, serverName },
      ...FAST,
    });
    await until(() => without.source.problems.size > 0);
    assert.equal(without.resets, 0);
  });

  test('two datacentres are one service, each a region', async () => {
    await using consul = await aConsul({ datacenters: ['east', 'west'] });
    await consul.register({
      service: 'web',
      id: 'w',
      port: 1,
      datacenter: 'east',
      address: '10.0.0.1',
    });
    await consul.register({
      service: 'web',
      id: 'w',
      port: 1,
      datacenter: 'west',
      address: '10.0.0.2',
    });
    await using all = await followed({
      address: consul.url,
      datacenters: ['east', 'west'],
      ...FAST,
    });
    await until(() => all.resets > 0);
    const { prefix } = consul;
    assert.deepEqual(
      all.services.get(`${prefix}web`)?.endpoints.map(({ id, locality }) => [id, locality.region]),
      [
        [`east/${prefix}n1/${prefix}w`, 'east'],
        [`west/${prefix}n1/${prefix}w`, 'west'],
      ],
    );
  });

  test('three hundred services take eleven connections, and a change among them few queries', async () => {
    await using consul = await aConsul({});
    const standIn = consul.standIn!;
    for (let i = 0; i < 300; i++)
      await consul.register({ service: `s${i}`, id: `i${i}`, port: i + 1, status: 'passing' });
    await using all = await followed({
      address: consul.url,
      wait: '30s',
      queriesPerSecond: 10_000,
    });
    await until(() => all.resets > 0);
    assert.equal(all.services.size, 300);
    // Those of the test, too.
    assert.ok(standIn.mostConnections <= 16, `${standIn.mostConnections} connections`);
    standIn.requests.length = 0;
    await consul.register({ service: 's7', id: 'i7', port: 8, status: 'critical' });
    await until(() => all.services.get(`${consul.prefix}s7`)?.endpoints[0]?.health === 'unhealthy');
    const reads = standIn.requests.filter(({ path }) => path.startsWith('/v1/health/service/'));
    assert.equal(reads.length, 1);
  });
});

test('chaos: whatever goes wrong, what is read is what is there', async () => {
  await using consul = await aConsul({});
  const standIn = consul.standIn!;
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  await using all = await followed({ address: consul.url, wait: '1s', queriesPerSecond: 2_000 });
  standIn.trouble = ({ method }) => {
    if (method !== 'GET') return undefined;
    const dice = random();
    if (dice < 0.05) return { type: 'status', status: 500 };
    if (dice < 0.1) return { type: 'status', status: 429 };
    if (dice < 0.15) return { type: 'cut', when: random() < 0.5 ? 'before' : 'after' };
    if (dice < 0.3) return { type: 'delay', ms: random() * 20 };
    return undefined;
  };
  for (let i = 0; i < 400; i++) {
    const n = Math.floor(random() * 40);
    if (random() < 0.3) await consul.deregister(`i${n}`);
    else {
      const status = (['passing', 'warning', 'critical'] as const)[Math.floor(random() * 3)]!;
      await consul.register({ service: `s${n % 8}`, id: `i${n}`, port: n + 1, status });
    }
    if (i % 80 === 79) standIn.cut();
    if (i === 200) standIn.catalog().restore(3);
  }
  standIn.trouble = () => undefined;
  await using fresh = await followed({ address: consul.url, ...FAST });
  await until(() => fresh.resets > 0);
  const view = ({ services }: typeof all) =>
    [...services.values()]
      .map(({ name, endpoints }) => [name, endpoints.map(({ id, health }) => `${id} ${health}`)])
      .sort();
  await until(() => assert.deepEqual(view(all), view(fresh)) ?? true);
  await until(() => all.source.state.type === 'live' && all.source.problems.size === 0);
});
