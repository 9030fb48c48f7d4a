import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { test } from 'node:test';
import { startDnsServer } from '../src/index.ts';
import { Catalog, endpoint, SILENT, service } from './fixture.ts';

const one = endpoint('one', '10.0.0.1', { port: 8080 });
const two = endpoint('two', '10.0.0.2', { port: 8081 });
const called = (name: string, at: typeof one, ...hosts: string[]) => ({
  ...service(name, at),
  hosts,
});

test('a service is found by what its registry calls it, and of that zone nothing else', async () => {
  for (const consul of [false, true]) {
    await using server = await startDnsServer({
      ...{ listen: { host: '127.0.0.1', port: 0 }, logger: SILENT, consul },
    });
    const catalog = new Catalog();
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${server.address.port}`]);
    const a = (name: string) =>
      resolver.resolve4(name).catch(({ code }: NodeJS.ErrnoException) => code);

    const hosts = ['web.shop', 'web.shop.svc.cluster.local', 'api.shop.svc:91'];
    server.update(...catalog.put(called('web', one, ...hosts, 'web.service.dc1.consul')));
    for (const name of ['web.shop.svc.cluster.local', 'WEB.Shop.svc.cluster.LOCAL'])
      assert.deepEqual(await a(name), ['10.0.0.1'], name);
    assert.deepEqual(await a('web.service.dc1.consul'), ['10.0.0.1']);
    const [srv] = await resolver.resolveSrv('web.shop.svc.cluster.local');
    assert.equal(srv?.port, 8080);
    assert.deepEqual(await a(srv!.name), ['10.0.0.1']);
    await assert.rejects(resolver.resolve6('web.shop.svc.cluster.local'), { code: 'ENODATA' });
    // Two parts may be a name of the Internet's; others of those zones are none of ours.
    for (const name of [
      'web.shop',
      'api.shop.svc',
      'db.shop.svc.cluster.local',
      'svc.cluster.local',
    ])
      assert.equal(await a(name), 'EREFUSED', name);

    // The lowest name has it; who had it gets it back; what is in nobody's any more is gone.
    server.update(...catalog.put(called('app', two, 'web.shop.svc.cluster.local')));
    assert.deepEqual(await a('web.shop.svc.cluster.local'), ['10.0.0.2']);
    server.update(...catalog.put(called('app', two, 'app.shop.svc')));
    assert.deepEqual(await a('web.shop.svc.cluster.local'), ['10.0.0.1']);
    assert.deepEqual(await a('app.shop.svc'), ['10.0.0.2']);
    server.update(...catalog.put(service('app', two)));
    assert.equal(await a('app.shop.svc'), 'EREFUSED');
    assert.deepEqual(await a('web.mesh'), ['10.0.0.1']);
  }
});
