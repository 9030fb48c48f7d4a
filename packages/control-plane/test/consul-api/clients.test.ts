import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { consulJs, runPyConsul, skipWithout, until } from '@meshkeeper/testbed';
import { type ApiPlane, startApiPlane } from '../api/plane.ts';

const run = promisify(execFile);
const JSON_BODY = { 'content-type': 'application/json' };

describe("Consul's clients, unchanged", () => {
  let api: ApiPlane;
  let port: string;
  before(async () => {
    api = await startApiPlane();
    port = new URL(api.plane.api).port;
    await register('a', 8080);
    const entries = { greeting: 'hello' };
    await api.call('/api/v1/config/shop/import', {
      ...{ method: 'PUT', headers: JSON_BODY },
      body: JSON.stringify({ namespaces: { application: { entries } }, publish: true }),
    });
    await until(async () => (await api.call('/v1/kv/shop/application/greeting')).status === 200);
    await until(async () => (await api.call('/v1/health/service/orders')).body.length === 1);
  });
  after(() => api?.[Symbol.asyncDispose]());

  const register = (id: string, at: number) =>
    api.call(`/api/v1/services/orders/endpoints/${id}`, {
      ...{ method: 'PUT', headers: JSON_BODY },
      body: JSON.stringify({
        ...{ address: '10.0.0.1', port: at, ttl: '300s' },
        metadata: { 'consul.tag.v2': 'true' },
      }),
    });

  test('consul of npm: services, health, a watch, keys, a session and a lock', {
    skip: skipWithout('consul-js'),
  }, async () => {
    const script = `
      const Consul = require('consul');
      const consul = new Consul({ host: '127.0.0.1', port: Number(process.argv[1]) });
      (async () => {
        const out = {};
        out.services = await consul.catalog.service.list();
        out.nodes = (await consul.catalog.service.nodes('orders')).map((each) => each.ServicePort);
        out.health = (await consul.health.service({ service: 'orders', passing: true })).map((each) => each.Service.Port);
        out.dc = await consul.catalog.datacenters();
        out.leader = await consul.status.leader();
        out.key = (await consul.kv.get('shop/application/greeting')).Value;
        out.keys = await consul.kv.keys('shop');
        out.none = await consul.kv.get('nothing');
        const session = (await consul.session.create({ name: 'test', ttl: '15s' })).ID;
        out.acquired = await consul.kv.set({ key: 'my/lock', value: 'me', acquire: session });
        out.holder = (await consul.kv.get('my/lock')).Session === session;
        out.renewed = (await consul.session.renew(session))[0].ID === session;
        out.released = await consul.kv.set({ key: 'my/lock', value: 'me', release: session });
        await consul.session.destroy(session);
        const watch = consul.watch({ method: consul.health.service, options: { service: 'orders' } });
        let first = true;
        watch.on('change', (data) => {
          if (first) { first = false; console.error('watching'); return; }
          out.watched = data.length;
          watch.end();
          console.log(JSON.stringify(out));
        });
        watch.on('error', (error) => { console.error(error); process.exit(1); });
      })().catch((error) => { console.error(error); process.exit(1); });
    `;
    const running = run(process.execPath, ['-e', script, port], { cwd: consulJs() });
    let said = '';
    running.child.stderr?.on('data', (text) => {
      said += text;
    });
    await until(() => said !== '');
    assert.equal(said.trim(), 'watching');
    await register('b', 8081);
    const { stdout } = await running;
    const { leader, ...out } = JSON.parse(stdout);
    assert.match(leader, /:/);
    assert.deepEqual(out, {
      ...{ services: { orders: ['v2'] }, nodes: [8080], health: [8080], dc: ['mesh'] },
      ...{ key: 'hello', keys: ['shop/application/greeting'] },
      ...{ acquired: true, holder: true, renewed: true, released: true, watched: 2 },
    });
  });

  test('py-consul of PyPI: the same', { skip: skipWithout('py-consul') }, async () => {
    const script = `
import json, sys, consul
c = consul.Consul(host='127.0.0.1', port=int(sys.argv[1]))
out = {}
index, services = c.catalog.services()
out['services'] = services
index, nodes = c.health.service('orders', passing=True)
out['ports'] = sorted(n['Service']['Port'] for n in nodes)
again, nodes = c.health.service('orders', index=index, wait='50ms')
out['same'] = again == index
out['nodes'] = [n['Node'] for n in c.catalog.nodes()[1]]
index, data = c.kv.get('shop/application/greeting')
out['key'] = data['Value'].decode()
out['none'] = c.kv.get('nothing')[1]
session = c.session.create(name='py', ttl=15)
out['acquired'] = c.kv.put('py/lock', 'me', acquire=session)
other = c.session.create(name='other', ttl=15)
out['other'] = c.kv.put('py/lock', 'you', acquire=other)
out['holder'] = c.kv.get('py/lock')[1]['Session'] == session
out['renewed'] = c.session.renew(session)['ID'] == session
c.session.destroy(session)
out['after'] = c.kv.put('py/lock', 'you', acquire=other)
c.session.destroy(other)
print(json.dumps(out))
`;
    const { stdout, stderr, code } = await runPyConsul(script, [port]);
    assert.equal(code, 0, stderr);
    const { ports, ...out } = JSON.parse(stdout);
    assert.ok(ports.includes(8080));
    assert.deepEqual(out, {
      ...{ services: { orders: ['v2'] }, same: true, nodes: ['10-0-0-1'], key: 'hello' },
      ...{ none: null, acquired: true, other: false, holder: true, renewed: true, after: true },
    });
  });
});
