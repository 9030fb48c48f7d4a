import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { runDnspython, until } from '@meshkeeper/testbed';
import { type DnsServer, startDnsServer } from '../src/index.ts';
import { Catalog, endpoint, SILENT, service, settings } from './fixture.ts';
import { askTcp, askUdp, decode, edns, question } from './wire.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const many = Array.from({ length: 60 }, (_, i) => endpoint(`m${i}`, `10.1.0.${i}`));
const one = endpoint('one', '10.0.0.1', { role: 'leader', port: 8001 });
const two = endpoint('two', '10.0.0.2', { port: 8002, metadata: { version: '2' } });
const v2 = { name: 'v2', metadata: { version: '2' }, fallback: 'none' as const };

describe('a DNS server', () => {
  const catalog = new Catalog();
  const seen: [string, string][] = [];
  let server: DnsServer;
  let resolver: Resolver;

  before(async () => {
    server = await startDnsServer({
      ...{ listen: LOOPBACK, ttl: 3_000, negativeTtl: 1_000, logger: SILENT, idleTimeout: 300 },
      observer: { answered: (type, rcode) => seen.push([type, rcode]) },
      clientSubnet: true,
      clients: [{ cidr: '192.0.2.0/24', locality: { region: 'east', zone: '', subzone: '' } }],
    });
    resolver = new Resolver({ timeout: 2_000 });
    resolver.setServers([`127.0.0.1:${server.address.port}`]);
  });
  after(() => server.close());

  const ask = async (...args: Parameters<typeof question>) =>
    decode(await askUdp(server.address, question(...args)));

  test('before the catalog was read it does not know, and says so', async () => {
    assert.equal((await ask('orders.mesh')).rcode, 'SERVFAIL');
    server.update(...catalog.put(service('orders', one, two), service('many', ...many)));
    server.update(...catalog.apply({ orders: settings({ subsets: [v2] }) }));
  });

  test('as Node asks', async () => {
    assert.deepEqual(
      (await resolver.resolve4('orders.mesh', { ttl: true })).sort((a, b) =>
        a.address < b.address ? -1 : 1,
      ),
      [
        { address: '10.0.0.1', ttl: 3 },
        { address: '10.0.0.2', ttl: 3 },
      ],
    );
    assert.deepEqual(await resolver.resolve4('leader.orders.mesh'), ['10.0.0.1']);
    assert.deepEqual(await resolver.resolve4('v2.orders.mesh'), ['10.0.0.2']);
    const ports = await resolver.resolveSrv('_orders._tcp.mesh');
    const targets = await Promise.all(ports.map(({ name }) => resolver.resolve4(name)));
    assert.deepEqual(new Set(targets.flat()), new Set(['10.0.0.1', '10.0.0.2']));
    const names = await resolver.reverse('10.0.0.2');
    assert.equal(names[0], ports.find(({ port }) => port === 8002)?.name);
    assert.equal((await resolver.resolveSoa('mesh')).minttl, 1);
    assert.deepEqual(await resolver.resolveNs('mesh'), ['ns.dns.mesh']);
    await assert.rejects(resolver.resolve4('nobody.mesh'), { code: 'ENOTFOUND' });
    await assert.rejects(resolver.resolve6('orders.mesh'), { code: 'ENODATA' });
    await assert.rejects(resolver.resolve4('example.com'), { code: 'EREFUSED' });
    assert.equal(
      (await resolver.resolve4('many.mesh')).length,
      60,
      'by TCP, since UDP is too small',
    );
  });

  test('as dnspython asks', async () => {
    const script = `
import sys, dns.resolver, dns.query, dns.message, dns.rcode, dns.flags, dns.edns
port = int(sys.argv[1])
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ['127.0.0.1'], port
print(*sorted(str(each) for each in resolver.resolve('ORDERS.mesh', 'A')))
srv = resolver.resolve('_orders._tcp.mesh', 'SRV')
print(*sorted(each.port for each in srv), len(srv.response.additional))
for name, kind in (('nobody.mesh', 'A'), ('orders.mesh', 'AAAA')):
    reply = dns.query.udp(dns.message.make_query(name, kind, use_edns=0), '127.0.0.1', port=port, timeout=5)
    print(dns.rcode.to_text(reply.rcode()), reply.authority[0].rdtype.name, reply.authority[0].ttl, reply.edns, reply.payload)
reply = dns.query.udp(dns.message.make_query('many.mesh', 'A'), '127.0.0.1', port=port, timeout=5)
print(bool(reply.flags & dns.flags.TC), len(reply.to_wire()) <= 512)
reply = dns.query.tcp(dns.message.make_query('many.mesh', 'A'), '127.0.0.1', port=port, timeout=5)
print(bool(reply.flags & dns.flags.TC), len(reply.answer[0]))
reply = dns.query.udp(dns.message.make_query('orders.mesh', 'A', use_edns=1), '127.0.0.1', port=port, timeout=5)
print(dns.rcode.to_text(reply.rcode()))
subnet = dns.edns.ECSOption('192.0.2.7', 24)
reply = dns.query.udp(dns.message.make_query('orders.mesh', 'A', use_edns=0, options=[subnet]), '127.0.0.1', port=port, timeout=5)
print([(each.address, each.srclen, each.scopelen) for each in reply.options])
for kind in ('AXFR', 'IXFR'):
    reply = dns.query.tcp(dns.message.make_query('mesh', kind), '127.0.0.1', port=port, timeout=5)
    print(dns.rcode.to_text(reply.rcode()))
`;
    const { code, stdout, stderr } = await runDnspython(script, [`${server.address.port}`]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.trim().split('\n'), [
      '10.0.0.1 10.0.0.2',
      '8001 8002 2',
      'NXDOMAIN SOA 1 0 1232',
      'NOERROR SOA 1 0 1232',
      'True True',
      'False 60',
      'BADVERS',
      "[('192.0.2.0', 24, 24)]",
      'REFUSED',
      'REFUSED',
    ]);
  });

  test('as dig asks, where there is one', async () => {
    const args = ['@127.0.0.1', '-p', `${server.address.port}`, '+short', 'v2.orders.mesh'];
    const asked = promisify(execFile)('dig', args);
    const said = await asked.then(
      ({ stdout }) => stdout,
      (error: NodeJS.ErrnoException) => error.code,
    );
    assert(said === '10.0.0.2\n' || said === 'ENOENT', said);
  });

  test('what is sent back is in the letters of who asks', async () => {
    const reply = await askUdp(server.address, question('oRdErS.mEsH'));
    assert.deepEqual(reply.subarray(12, 29), question('oRdErS.mEsH').subarray(12, 29));
    assert.equal(decode(reply).answers?.length, 2);
  });

  test('in another order each time', async () => {
    const firsts = new Set<unknown>();
    await until(async () => {
      const { answers } = await ask('orders.mesh');
      firsts.add(answers?.map((each) => 'data' in each && each.data).join());
      return firsts.size === 2;
    });
  });

  test('no message is longer than whoever asks takes, nor than goes unfragmented', async () => {
    for (const [size, limit] of [
      [undefined, 512],
      [100, 512],
      [700, 700],
      [4096, 1232],
    ] as const) {
      for (const type of ['A', 'SRV']) {
        const packet = size === undefined ? {} : { additionals: edns(size) };
        const reply = await askUdp(server.address, question('many.mesh', type, packet));
        assert(
          reply.length <= limit && reply.length > 0.8 * limit - 16,
          `${type} ${size}: ${reply.length}`,
        );
        const decoded = decode(reply);
        assert.equal(decoded.flag_tc, type === 'SRV' || limit < 1000, `${type} ${size}`);
        assert.equal(
          decoded.additionals?.filter((each) => each.type === 'OPT').length,
          size === undefined ? 0 : 1,
        );
      }
    }
  });

  test('what is no question is answered, or not, and harms nobody', async () => {
    const notify = question('orders.mesh');
    notify[2] = 0x20;
    assert.equal(decode(await askUdp(server.address, notify)).rcode, 'NOTIMP');
    const two = question('orders.mesh', 'A', {
      questions: [
        { name: 'a.mesh', type: 'A' },
        { name: 'b.mesh', type: 'A' },
      ],
    });
    assert.equal(decode(await askUdp(server.address, two)).rcode, 'FORMERR');
    const chaos = question('orders.mesh', 'A', {
      questions: [{ name: 'orders.mesh', type: 'A', class: 'CH' }],
    });
    assert.equal(decode(await askUdp(server.address, chaos)).rcode, 'REFUSED');
    for (const type of ['AXFR', 'IXFR']) assert.equal((await ask('mesh', type)).rcode, 'REFUSED');
    assert.deepEqual(
      (await ask('orders.mesh', 'ANY')).answers?.map(({ type }) => type),
      ['HINFO'],
    );
    const answer = question('orders.mesh');
    answer[2] = 0x80;
    const socket = createSocket('udp4');
    socket.send(answer, server.address.port, '127.0.0.1');
    socket.send(question('orders.mesh', 'A', { id: 9 }), server.address.port, '127.0.0.1');
    const [first] = await once(socket, 'message');
    socket.close();
    assert.equal(decode(first).id, 9, 'an answer is not answered');
  });

  test('by TCP one question follows the other, and silence ends it', async () => {
    const names = ['orders.mesh', 'nobody.mesh', 'many.mesh', 'orders.mesh'];
    const replies = await askTcp(
      server.address,
      names.map((name, id) => question(name, 'A', { id })),
    );
    assert.deepEqual(
      replies.map(({ id, answers }) => [id, answers?.length]),
      [
        [0, 2],
        [1, 0],
        [2, 60],
        [3, 2],
      ],
    );
    const socket = connect(server.address);
    // Half a question keeps nobody waiting for long.
    socket.write(Buffer.from([0, 40, 1, 2, 3]));
    await once(socket, 'close', { signal: AbortSignal.timeout(10_000) });
    assert.deepEqual(await askTcp(server.address, [Buffer.alloc(3)]), []);
  });

  test('a change is in the next answer, also of what was kept', async () => {
    const names = ['orders.mesh', 'leader.orders.mesh', 'v2.orders.mesh'];
    const all = () => Promise.all(names.map(async (name) => (await ask(name)).answers?.length));
    assert.deepEqual(await all(), [2, 1, 1]);
    assert.equal((await ask('orders.mesh', 'AAAA')).answers?.length, 0);
    server.update(
      ...catalog.put(
        service('orders', { ...one, health: 'draining' }, { ...two, address: 'fd00::2' }),
      ),
    );
    assert.deepEqual(await all(), [0, 1, 0]);
    assert.equal((await ask('orders.mesh', 'AAAA')).answers?.length, 1);
    server.update(...catalog.apply({}));
    assert.equal((await ask('v2.orders.mesh')).rcode, 'NXDOMAIN');
    server.update(...catalog.put(service('v2.orders', one)));
    assert.equal((await ask('v2.orders.mesh')).answers?.length, 1);
    server.update(...catalog.set({ orders: undefined, 'v2.orders': undefined }));
    assert.equal((await ask('v2.orders.mesh')).rcode, 'NXDOMAIN');
    server.update(...catalog.put(service('other', one)));
    const { authorities } = await ask('many.mesh', 'AAAA');
    const [soa] = authorities ?? [];
    assert(soa?.type === 'SOA' && soa.data.serial === catalog.snapshot.revision);
    // What was kept is kept, but for the serial.
    server.update(...catalog.put(service('other', two)));
    const [later] = (await ask('many.mesh', 'AAAA')).authorities ?? [];
    assert(later?.type === 'SOA' && later.data.serial === catalog.snapshot.revision);
  });

  test('what was asked is counted', () => {
    for (const [type, rcode] of [
      ['A', 'NOERROR'],
      ['A', 'NXDOMAIN'],
      ['AXFR', 'REFUSED'],
      ['other', 'FORMERR'],
    ])
      assert(
        seen.some(([t, r]) => t === type && r === rcode),
        `${type} ${rcode}`,
      );
  });
});

test('a port that is taken is said', async () => {
  await using server = await startDnsServer({ listen: LOOPBACK, logger: SILENT });
  await assert.rejects(startDnsServer({ listen: server.address, logger: SILENT }), {
    code: 'listen-failed',
  });
});

test('other zones are asked on, if somebody says to whom', async () => {
  const catalog = new Catalog();
  await using upstream = await startDnsServer({
    listen: LOOPBACK,
    zone: 'example',
    logger: SILENT,
  });
  upstream.update(...catalog.put(service('there', ...many)));
  // Answers under another id, as who guesses would, and then not at all.
  const liar = createSocket('udp4');
  liar.bind(0, '127.0.0.1');
  await once(liar, 'listening');
  liar.on('message', (message, { port, address }) => {
    const reply = Buffer.from(message);
    reply[0] = message[0]! ^ 0xff;
    reply[2] = 0x80;
    liar.send(reply, port, address);
  });
  await using server = await startDnsServer({
    ...{ listen: LOOPBACK, logger: SILENT, forwardTimeout: 200, maxForwarded: 1 },
    forward: [{ host: '127.0.0.1', port: liar.address().port }, upstream.address],
  });
  server.update(...new Catalog().put(service('here', one)));
  const reply = decode(
    await askUdp(server.address, question('there.example', 'A', { flags: 0x100 })),
  );
  assert.deepEqual([reply.id, reply.rcode, reply.flag_tc], [4711, 'NOERROR', true]);
  const [whole] = await askTcp(server.address, [question('there.example')]);
  assert.equal(whole?.answers?.length, 60);
  assert.equal(decode(await askUdp(server.address, question('here.mesh'))).answers?.length, 1);
  const both = await Promise.all(
    [1, 2].map((id) => askUdp(server.address, question('there.example', 'A', { id }))),
  );
  assert.deepEqual(
    both.map((each) => decode(each).rcode).sort(),
    ['NOERROR', 'SERVFAIL'],
    'one at a time',
  );
  liar.close();
});
