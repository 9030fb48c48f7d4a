import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { NO_LOCALITY } from '@meshkeeper/mesh';
import { checkHaproxy, freePort, skipWithout, startHaproxy, until } from '@meshkeeper/testbed';
import { type HaproxyService, haproxyConfig, startDnsServer } from '../src/index.ts';
import { Catalog, endpoint, Names, SILENT, service, settings } from './fixture.ts';

const orders: HaproxyService = {
  ...{ name: 'Shop/Orders', alias: 'shop-orders', protocol: 'http', endpoints: 30 },
  hosts: ['orders.shop.svc', 'orders.shop.svc:9090', 'orders } # x'],
};
const options = {
  ...{ nameservers: [{ host: '127.0.0.1', port: 7053 }], zone: 'mesh', listen: '127.0.0.1:7080' },
  services: [orders],
};
/** What somebody could write into a znode. */
const EVIL = 'x\nbackend y\r\u2028\u0000 "$HOME" \\';

test('a service is a backend of instances that DNS names', () => {
  const config = haproxyConfig(options);
  assert.match(config, /^ {2}nameserver mesh1 tcp@127\.0\.0\.1:7053$/m);
  assert.match(config, /^# Shop\/Orders, http; 60 instances at most have a place\.$/m);
  assert.match(
    config,
    /^backend shop-orders\n {2}mode http\n(?: {2}.*\n)* {2}server-template instance 1-60 _shop-orders\._haproxy\.mesh$/m,
  );
  assert.match(config, /^ {2}use_backend shop-orders if \{ [^}]* -m str orders\.shop\.svc \}$/m);
  assert.match(
    config,
    /^ {2}use_backend shop-orders if \{ [^}]* -m str orders\.shop\.svc:9090 \}$/m,
  );
  assert.doesNotMatch(config, /# x|check/);
});

test('a name of its own goes before what a platform calls another', () => {
  const other = { ...orders, name: 'web.shop', alias: 'web.shop', hosts: ['orders.shop.svc'] };
  const taking = { ...orders, hosts: ['web.shop', 'web.shop:80', 'orders.shop.svc'] };
  const config = haproxyConfig({ ...options, services: [other, taking] });
  assert.deepEqual(
    [...config.matchAll(/use_backend (\S+) if .* -m str (.*) \}/g)].map(([, ...found]) => found),
    [
      ['shop-orders', 'orders.shop.svc'],
      ['web.shop', 'orders.shop.svc'],
    ],
  );
});

test('names can not become lines of their own', () => {
  const other: HaproxyService = {
    ...{ name: EVIL, alias: 'evil', protocol: 'tcp', endpoints: 1, hosts: [EVIL] },
  };
  const nameless: HaproxyService = { ...other, name: `2${EVIL}`, alias: 'a..b' };
  const lines = haproxyConfig({ ...options, services: [other, nameless] }).split(/[\n\r\u2028]/);
  for (const line of lines.filter((each) => /HOME|backend y/.test(each))) assert.match(line, /^#/);
  assert.equal(lines.filter((each) => each.includes('has no name that DNS bears')).length, 1);
  assert.ok(!lines.includes('backend tcp_a..b'));
});

test('HAProxy takes all of it', { skip: skipWithout('haproxy') }, async () => {
  const all: HaproxyService[] = (['http', 'http2', 'grpc', 'tcp', 'dubbo'] as const).map(
    (protocol) => ({ ...orders, name: EVIL + protocol, alias: `a.b-${protocol}-`, protocol }),
  );
  const { stderr, code } = await checkHaproxy(
    haproxyConfig({
      nameservers: [...options.nameservers, { host: '::1', port: 53 }],
      zone: 'mesh.example',
      listen: '[::1]:7080',
      statistics: '127.0.0.1:8404',
      check: { type: 'http', path: '/health?a=%20b&c=1' },
      services: [...all, { ...orders, name: 'mysql', protocol: 'tcp', listen: '127.0.0.1:3306' }],
    }),
  );
  assert.deepEqual([code, stderr], [0, '']);
});

test('what HAProxy is answered: one priority, and weights as great as there is room', () => {
  const at = (region: string, weight: number, health: 'healthy' | 'unhealthy' = 'healthy') =>
    endpoint(`${region}-${weight}`, `10.0.0.${weight}`, {
      ...{ weight, health, port: weight, locality: { ...NO_LOCALITY, region } },
    });
  const weights = (names: Names, name: string, from?: string) => {
    const caller = from === undefined ? undefined : { ...NO_LOCALITY, region: from };
    const records = names.ask(name, 'SRV', caller) as { priority: number; weight: number }[];
    assert.ok(records.every(({ priority }) => priority === 0));
    return records.map(({ weight }) => weight);
  };
  const plain = new Names([service('s', at('eu', 1), at('eu', 3)), service('t', at('eu', 100))]);
  assert.deepEqual(weights(plain, '_s._haproxy.mesh'), [21_845, 65_535]);
  assert.deepEqual(weights(plain, '_t._haproxy.mesh'), [65_535]);
  assert.equal(plain.ask('_haproxy.mesh', 'SRV'), 'no-data');
  assert.equal(plain.ask('_s._haproxy.mesh'), 'no-data');
  assert.equal(plain.ask('_u._haproxy.mesh', 'SRV'), 'no-name');

  const two = [at('eu', 1), at('eu', 3, 'unhealthy'), at('us', 2)];
  const policy = settings({
    panicThreshold: 0,
    locality: {
      ...{ mode: 'failover', order: ['region', 'anywhere'], regions: [], overprovisioning: 100 },
    },
  });
  const failover = new Names([service('s', ...two)], { s: policy });
  // Half of those who are near are well: they take half of it, whatever their weights are.
  assert.deepEqual(weights(failover, '_s._haproxy.mesh', 'eu'), [65_535, 65_535]);
  assert.deepEqual(weights(failover, '_s._haproxy.mesh', 'us'), [65_535]);
});

test('gRPC goes through it, trailers and all', { skip: skipWithout('haproxy') }, async () => {
  await using stack = new AsyncDisposableStack();
  const server = createServer().listen(0, '127.0.0.1');
  stack.defer(() => void server.close());
  server.on('stream', (stream) => {
    stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end('hello');
  });
  await once(server, 'listening');
  const at = server.address();
  assert.ok(typeof at === 'object' && at !== null);
  const dns = stack.use(
    await startDnsServer({ listen: { host: '127.0.0.1', port: 0 }, logger: SILENT }),
  );
  const one = endpoint('one', '127.0.0.1', { port: at.port });
  dns.update(...new Catalog().put({ ...service('greeter', one), protocol: 'grpc' }));
  const listen = `127.0.0.1:${await freePort()}`;
  const greeter: HaproxyService = {
    ...{ name: 'greeter', alias: 'greeter', protocol: 'grpc', endpoints: 1 },
    hosts: ['greeter.shop.svc'],
  };
  const config = haproxyConfig({
    ...{ nameservers: [dns.address], zone: 'mesh', listen, services: [greeter] },
    check: { type: 'tcp' },
  });
  const haproxy = stack.use(await startHaproxy(config));
  await until(async () =>
    (await haproxy.servers('greeter')).some(({ address }) => address !== undefined),
  );
  const client = connect(`http://${listen}`);
  stack.defer(() => client.destroy());
  for (const authority of ['greeter', 'greeter.mesh:50051', 'greeter.shop.svc']) {
    const stream = client.request({ ':path': '/Greeter/Hello', ':authority': authority });
    const [trailers, body] = await Promise.all([once(stream, 'trailers'), text(stream)]);
    assert.deepEqual([body, trailers[0]['grpc-status']], ['hello', '0'], authority);
  }
});
