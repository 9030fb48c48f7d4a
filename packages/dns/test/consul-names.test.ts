import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { test } from 'node:test';
import { startDnsServer } from '../src/index.ts';
import { answer } from '../src/zone/answer.ts';
import { consulGrammar } from '../src/zone/consul-grammar.ts';
import { Catalog, endpoint, Names, SILENT, service, ZONE } from './fixture.ts';

const one = endpoint('one', '10.0.0.1', { port: 8080, metadata: { 'consul.tag.V2': 'true' } });
const two = endpoint('two', '10.0.0.2', { port: 8081, weight: 50 });
const sick = endpoint('sick', '10.0.0.3', { port: 8082, health: 'unhealthy' });
const six = endpoint('six', 'fd00::6', { port: 82 });
const { names } = new Names([service('Orders', one, two, sick, six), service('a.b', one)]);
const zone = { ...ZONE, origin: 'consul', grammar: consulGrammar };

function ask(name: string, type = 'A'): unknown {
  const reply = answer(names, [ZONE, zone], { name, type });
  if (reply.type !== 'records') return reply.type;
  return reply.choices.flatMap(({ answers }) => answers.map((record) => record.data));
}

test("services have their names of Consul's, with tags and the datacentre", () => {
  for (const name of ['orders.service', 'orders.service.mesh', 'orders.service.mesh.dc'])
    assert.deepEqual(ask(`${name}.consul`), ['10.0.0.1', '10.0.0.2'], name);
  assert.deepEqual(ask('orders.service.consul', 'AAAA'), ['fd00::6']);
  assert.deepEqual(ask('v2.orders.service.consul'), ['10.0.0.1']);
  assert.deepEqual(ask('_orders._v2.service.consul'), ['10.0.0.1']);
  assert.deepEqual(ask('_orders._v2.consul'), ['10.0.0.1']);
  assert.deepEqual(ask('_orders._tcp.service.consul'), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(ask('a.b.service.consul'), ['10.0.0.1']);
  for (const name of ['v3.orders.service', 'none.service', 'orders.service.dc2', 'orders', 'x.y.z'])
    assert.equal(ask(`${name}.consul`), 'no-name', name);
  assert.equal(ask('service.consul'), 'no-data');
});

test('SRV names addresses, and addresses and nodes answer', () => {
  assert.deepEqual(ask('_orders._tcp.service.consul', 'SRV'), [
    { priority: 0, weight: 100, port: 8080, target: '0a000001.addr.mesh.consul' },
    { priority: 0, weight: 50, port: 8081, target: '0a000002.addr.mesh.consul' },
    {
      ...{ priority: 0, weight: 100, port: 82 },
      target: 'fd000000000000000000000000000006.addr.mesh.consul',
    },
  ]);
  assert.deepEqual(ask('0a000001.addr.mesh.consul'), ['10.0.0.1']);
  assert.deepEqual(ask('0a000001.addr.consul'), ['10.0.0.1']);
  assert.deepEqual(ask('fd000000000000000000000000000006.addr.consul', 'AAAA'), ['fd00::6']);
  assert.deepEqual(ask('10-0-0-2.node.consul'), ['10.0.0.2']);
  assert.deepEqual(ask('fd00--6.node.mesh.consul', 'AAAA'), ['fd00::6']);
  // Of addresses where nothing of the mesh is, nothing is said.
  for (const name of ['0a0000ff.addr', 'zz.addr', '127-0-0-1.node'])
    assert.equal(ask(`${name}.consul`), 'no-name', name);
});

test('a server answers for both zones when that is asked for, and else for its own', async () => {
  for (const consul of [true, false]) {
    await using server = await startDnsServer({
      ...{ listen: { host: '127.0.0.1', port: 0 }, logger: SILENT, consul },
    });
    server.update(...new Catalog().put(service('Orders', one)));
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${server.address.port}`]);
    assert.deepEqual(await resolver.resolve4('orders.mesh'), ['10.0.0.1']);
    const asked = resolver.resolve4('orders.service.consul');
    if (consul) assert.deepEqual(await asked, ['10.0.0.1']);
    else await assert.rejects(asked, { code: 'EREFUSED' });
  }
});
