import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { Agent, type ClientRequest, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { certificate, tempDir, until } from '@meshkeeper/testbed';
import {
  DownstreamTlsContext,
  duration,
  type HttpConnectionManager,
  LocalRateLimit,
  pack,
  type VirtualHost,
} from '@meshkeeper/xds';
import { startProxy } from '../src/index.ts';
import { backend, raw, rawBackend } from './fixture.ts';
import { call } from './side-by-side/caller.ts';
import {
  httpChain,
  listener,
  rds,
  type Stage,
  startEmbedded,
  startStage,
  staticCluster,
  tcpChain,
} from './stage.ts';

const TLS = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
const to = (cluster: string): VirtualHost => ({
  name: 'all',
  domains: ['*'],
  routes: [{ match: { prefix: '/' }, route: { cluster } }],
});
const manager = (more: HttpConnectionManager = {}): HttpConnectionManager => ({
  routeConfig: { virtualHosts: [to('web')] },
  ...more,
});

/** A stage with a cluster `web`, and a proxy that has it and a listener `http`. */
async function stageWith(http: HttpConnectionManager, stack: AsyncDisposableStack) {
  const web = stack.use(
    await backend((incoming, response) => {
      incoming.resume();
      incoming.on('end', () => {
        if (incoming.url === '/big') response.end(Buffer.alloc(64 * 1024 * 1024));
        else response.end(`got ${incoming.url}`);
      });
    }),
  );
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [web.port]));
  stage.put('listener', listener('http', [httpChain(http)]));
  const engine = stack.use(await startEmbedded(stage));
  return { stage, engine, port: engine.port('http'), web };
}

/** Puts a resource, and waits until the data plane has judged it. */
async function judged(stage: Stage, change: () => void): Promise<void> {
  change();
  assert(!stage.settled(), 'it is a change');
  await until(() => stage.settled(), { message: 'the change is judged' });
}

test('a certificate that changes on disk is shown to new clients; a bad one is told, and not shown', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir('meshkeeper-proxy-'));
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => certificate(folder.path, name, { hosts: ['a.test'] })),
  );
  const shown = { cert: join(folder.path, 'tls.crt'), key: join(folder.path, 'tls.key') };
  const context = {
    commonTlsContext: {
      tlsCertificates: [
        { certificateChain: { filename: shown.cert }, privateKey: { filename: shown.key } },
      ],
    },
  };
  const web = stack.use(await backend((_, response) => response.end('ok')));
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [web.port]));
  const tls = {
    transportSocket: { name: 'tls', typedConfig: pack(TLS, DownstreamTlsContext, context) },
  };
  stage.put('listener', listener('tls', [tcpChain({ cluster: 'web' }, tls)]));
  const failures: string[] = [];
  const proxy = stack.use(
    await startProxy({
      xds: { address: { host: '127.0.0.1', port: stage.port } },
      node: { id: 'tls', cluster: 'test' },
      observer: {
        certificateFailed: ({ listener, detail }) => failures.push(`${listener} ${detail}`),
      },
    }),
  );
  const port = proxy.listeners.get('tls')?.port ?? 0;
  const subject = async (): Promise<string | undefined> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    try {
      await once(socket, 'secureConnect');
      return String(socket.getPeerCertificate().subject.CN);
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  };
  assert.equal(await subject(), undefined, 'there is none yet');
  assert.match(failures[0] ?? '', /^tls ENOENT.*tls\.crt/);
  const show = async ({ cert, key }: { cert: string; key: string }) => {
    await copyFile(cert, shown.cert);
    await copyFile(key, shown.key);
  };
  await show(first!);
  await until(async () => (await subject()) === 'first', { message: 'the first one is shown' });
  const told = failures.length;
  await show({ cert: second!.cert, key: first!.key });
  await until(() => failures.length > told, { message: 'a key of another certificate is told' });
  assert.equal(await subject(), 'first');
  await show(second!);
  await until(async () => (await subject()) === 'second', { message: 'the second one is shown' });
});

test('connections go on when routes and filters of their listener change', async () => {
  await using stack = new AsyncDisposableStack();
  const { stage, port } = await stageWith(manager(), stack);
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  const ask = async () => {
    socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await once(socket, 'data');
    return answer as string;
  };
  assert.match(await ask(), /^HTTP\/1\.1 200 /);
  const virtualHosts = [
    { ...to('web'), routes: [{ match: { prefix: '/' }, directResponse: { status: 410 } }] },
  ];
  await judged(stage, () =>
    stage.put(
      'listener',
      listener('http', [httpChain(manager({ routeConfig: { virtualHosts } }))]),
    ),
  );
  const gone = await ask();
  assert.match(gone, /^HTTP\/1\.1 410 /);
  assert.doesNotMatch(gone, /connection: close/i);
  // How the connection itself is spoken to can't change under it.
  await judged(stage, () =>
    stage.put(
      'listener',
      listener('http', [httpChain(manager({ maxRequestHeadersKb: { value: 8 } }))]),
    ),
  );
  if (!socket.closed) await once(socket, 'close');
  const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`;
  assert.match(await raw(port, head), /^HTTP\/1\.1 431 /);
});

test('what is left of a limit holds when the routes change and it does not', async () => {
  await using stack = new AsyncDisposableStack();
  const name = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
  const on = { defaultValue: { numerator: 100 } };
  const limit = (maxTokens: number) => ({
    limit: pack(name, LocalRateLimit, {
      statPrefix: 'x',
      tokenBucket: { maxTokens, fillInterval: duration(86_400_000) },
      filterEnabled: on,
      filterEnforced: on,
    }),
  });
  const httpFilters = [
    { name: 'limit', typedConfig: pack(name, LocalRateLimit, { statPrefix: 'x' }) },
  ];
  const routes = (maxTokens: number, ...more: VirtualHost[]) => ({
    name: 'all',
    virtualHosts: [...more, { ...to('web'), typedPerFilterConfig: limit(maxTokens) }],
  });
  const stage = stack.use(await startStage());
  const web = stack.use(await backend((_, response) => response.end('ok')));
  stage.put('cluster', staticCluster('web', [web.port]));
  stage.put('route', routes(2));
  stage.put('listener', listener('http', [httpChain({ rds: rds('all'), httpFilters })]));
  const engine = stack.use(await startEmbedded(stage));
  const status = async () => (await call(engine.port('http'), 'a')).status;
  assert.deepEqual([await status(), await status(), await status()], [200, 200, 429]);
  const other = { name: 'other', domains: ['other'], routes: [] };
  await judged(stage, () => stage.put('route', routes(2, other)));
  assert.equal(await status(), 429, 'another host is no reason to begin anew');
  await judged(stage, () => stage.put('route', routes(3, other)));
  assert.equal(await status(), 200, 'another limit is');
});

test('what the parser refuses is told with its field, and what was there before goes on', async () => {
  await using stack = new AsyncDisposableStack();
  const { stage, port } = await stageWith(manager(), stack);
  const unknown = {
    name: 'lua',
    typedConfig: { type_url: 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua' },
  };
  const chains = {
    'filter_chains[0].filters[0].typed_config.http_filters[0]: the embedded proxy has no type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua':
      httpChain(manager({ httpFilters: [unknown] })),
    'filter_chains[0].filter_chain_match.destination_port: the embedded proxy does not support it':
      httpChain(manager(), { filterChainMatch: { destinationPort: { value: 1 } } }),
    'filter_chains[0].transport_socket.typed_config: the embedded proxy has no type.googleapis.com/x':
      httpChain(manager(), {
        transportSocket: { name: 'x', typedConfig: { type_url: 'type.googleapis.com/x' } },
      }),
    'filter_chains[0].filters[0].typed_config.http2_protocol_options.allow_connect: the embedded proxy does not support it':
      httpChain(manager({ http2ProtocolOptions: { allowConnect: true } })),
  };
  for (const [problem, chain] of Object.entries(chains)) {
    stage.nacks.length = 0;
    await judged(stage, () => stage.put('listener', listener('http', [chain])));
    assert.deepEqual(stage.nacks, [`http: ${problem}`]);
    assert.equal((await call(port, 'a')).status, 200);
  }
  stage.nacks.length = 0;
  const optional = httpChain(manager({ httpFilters: [{ ...unknown, isOptional: true }] }));
  await judged(stage, () => stage.put('listener', listener('http', [optional])));
  assert.deepEqual(stage.nacks, []);
});

test('who says too little, or too slowly, is dropped', async () => {
  await using stack = new AsyncDisposableStack();
  const { port } = await stageWith(manager({ requestHeadersTimeout: duration(300) }), stack);
  const dropped = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    if (bytes !== '') socket.write(bytes);
    await once(socket, 'close');
  };
  await Promise.all(
    ['', 'P', 'PRI * HTTP/2', '\x16\x03\x01', 'GET / HTTP/1.1\r\nHost: a\r\n'].map(dropped),
  );
});

test('a request that takes too long to come is a 408', async () => {
  await using stack = new AsyncDisposableStack();
  const { port } = await stageWith(manager({ requestTimeout: duration(200) }), stack);
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nsome';
  assert.match(await raw(port, head), /^HTTP\/1\.1 408 /);
  assert.equal((await call(port, 'a', { method: 'POST', body: 'all' })).status, 200);
});

test('headers: too many are a 431, of either version; odd names as the listener says', async () => {
  await using stack = new AsyncDisposableStack();
  const options = { commonHttpProtocolOptions: { headersWithUnderscoresAction: 2 } };
  const { port } = await stageWith(manager(options), stack);
  const many = Array.from({ length: 120 }, (_, i) => `x-${i}: 1\r\n`).join('');
  assert.match(await raw(port, `GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(
    await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nx_y: 1\r\nConnection: close\r\n\r\n'),
    / 200 /,
  );
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const fields = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, '1']));
  const [headers] = await once(
    session.request({ ':path': '/', ':authority': 'a', ...fields }),
    'response',
  );
  assert.equal(headers[':status'], 431);
  const more = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x-${i}`, '1']));
  const stream = session.request({ ':path': '/', ':authority': 'a', ...more });
  await assert.rejects(once(stream, 'response'));
  session.destroy();
});

test('slashes that are escaped: kept, refused, unescaped, or the client is sent there', async () => {
  const expected: readonly (readonly [number, RegExp])[] = [
    [0, / 200 [\s\S]*got \/a%2fb%5Cc$/m],
    [2, / 400 /],
    [3, / 307 [\s\S]*location: \/a\/b\/c\r\n/],
    [4, / 200 [\s\S]*got \/a\/b\/c$/m],
  ];
  for (const [pathWithEscapedSlashesAction, pattern] of expected) {
    await using stack = new AsyncDisposableStack();
    const options = { pathWithEscapedSlashesAction, normalizePath: { value: true } };
    const { port } = await stageWith(manager(options), stack);
    const head = 'GET /a%2fb%5Cc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const got = await raw(port, head);
    assert.match(got.replace(/\r\n0\r\n\r\n$/, ''), pattern);
  }
});

test('streams that are reset over and over end their connection, not the listener', async () => {
  await using stack = new AsyncDisposableStack();
  const { port, engine } = await stageWith(manager(), stack);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  let sent = 0;
  while (!session.destroyed && sent < 20_000) {
    for (let i = 0; i < 100; i++, sent++) {
      if (session.destroyed) break;
      const stream = session.request({ ':path': '/', ':authority': 'a' });
      stream.on('error', () => {});
      stream.close(8);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert(session.destroyed, `the connection has ended, after ${sent} streams`);
  assert.equal((await call(port, 'a')).status, 200);
  await until(() => engine.proxy.status().clusters[0]?.activeRequests === 0);
});

test('a client that does not take its response is dropped', async () => {
  await using stack = new AsyncDisposableStack();
  const virtualHosts = [
    {
      ...to('web'),
      routes: [{ match: { prefix: '/' }, route: { cluster: 'web', idleTimeout: duration(300) } }],
    },
  ];
  const { port, engine } = await stageWith(manager({ routeConfig: { virtualHosts } }), stack);
  const agent = new Agent();
  const sent: ClientRequest = request({
    port,
    host: '127.0.0.1',
    path: '/big',
    agent,
    headers: { host: 'a' },
  });
  sent.end();
  sent.on('error', () => {});
  const [response] = await once(sent, 'response');
  response.on('error', () => {});
  response.pause();
  await until(() => engine.proxy.status().clusters[0]?.activeRequests === 0);
  // Only who reads learns of it.
  const socket: Socket = response.socket;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  response.resume();
  await closed;
  assert.equal(response.complete, false);
  // The end of a response may be all that waits.
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 2 } });
  const stream = session.request({ ':path': '/long-enough', ':authority': 'a' });
  stream.pause();
  await assert.rejects(once(stream, 'close'), { message: /NGHTTP2_INTERNAL_ERROR/ });
  session.destroy();
});

test('a connection ends after so many requests, or so much time, of either version', async () => {
  for (const limit of [
    { maxRequestsPerConnection: { value: 2 } },
    { maxConnectionDuration: duration(300) },
  ]) {
    await using stack = new AsyncDisposableStack();
    const { port } = await stageWith(manager({ commonHttpProtocolOptions: limit }), stack);
    const socket = connect(port, '127.0.0.1');
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (bytes) => {
      if (/ 200 /.test(String(bytes)) && !socket.destroyed)
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await ended;
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const closed = once(session, 'close');
    for (let i = 0; i < 2; i++) {
      const stream = session.request({ ':path': '/', ':authority': 'a' });
      assert.equal((await once(stream, 'response'))[0][':status'], 200);
      stream.resume();
    }
    await closed;
  }
});

test('a client that does not answer a ping is dropped', async () => {
  await using stack = new AsyncDisposableStack();
  const connectionKeepalive = { interval: duration(100), timeout: duration(200) };
  const { port } = await stageWith(
    manager({ http2ProtocolOptions: { connectionKeepalive } }),
    stack,
  );
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  let pings = 0;
  session.on('ping', () => pings++);
  await until(() => pings > 2, { message: 'the client is asked, and stays' });
  session.destroy();
  const mute = connect(port, '127.0.0.1');
  mute.on('error', () => {});
  mute.resume();
  mute.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
  await once(mute, 'close');
});

test('what a client says of its certificate is left out; ids and addresses are as the listener says', async () => {
  await using stack = new AsyncDisposableStack();
  const seen: NodeJS.Dict<string | string[]>[] = [];
  const echo = stack.use(
    await backend((incoming, response) => {
      seen.push(incoming.headers);
      response.end('ok');
    }),
  );
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [echo.port]));
  const quiet = {
    generateRequestId: { value: false },
    useRemoteAddress: { value: true },
    skipXffAppend: true,
  };
  stage.put('listener', listener('quiet', [httpChain(manager(quiet))]));
  stage.put(
    'listener',
    listener('usual', [httpChain(manager({ useRemoteAddress: { value: true } }))]),
  );
  const engine = stack.use(await startEmbedded(stage));
  const headers = { 'x-forwarded-client-cert': 'By=me', 'x-forwarded-for': '9.9.9.9' };
  for (const name of ['quiet', 'usual']) await call(engine.port(name), 'a', { headers });
  const session = connectHttp2(`http://127.0.0.1:${engine.port('usual')}`);
  await once(session.request({ ':path': '/', ':authority': 'a', ...headers }), 'response');
  session.destroy();
  const [first, second, third] = seen;
  for (const each of seen) assert.equal(each['x-forwarded-client-cert'], undefined);
  assert.equal(first?.['x-request-id'], undefined);
  assert.equal(first?.['x-forwarded-for'], '9.9.9.9');
  for (const each of [second, third]) {
    assert.match(String(each?.['x-request-id']), /^[0-9a-f-]{36}$/);
    assert.equal(each?.['x-forwarded-for'], '9.9.9.9, 127.0.0.1');
  }
});

test('close lets streams of HTTP/2 finish, and does not wait for who has said nothing', async () => {
  await using stack = new AsyncDisposableStack();
  const finish = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const slow = stack.use(
    await backend(async (_, response) => {
      arrived.resolve();
      await finish.promise;
      response.end('done');
    }),
  );
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [slow.port]));
  stage.put('listener', listener('http', [httpChain(manager())]));
  const engine = stack.use(await startEmbedded(stage));
  const silent = connect(engine.port('http'), '127.0.0.1');
  silent.on('error', () => {});
  silent.resume();
  await once(silent, 'connect');
  const session = connectHttp2(`http://127.0.0.1:${engine.port('http')}`);
  const stream = session.request({ ':path': '/', ':authority': 'a' });
  await arrived.promise;
  const closing = engine.proxy.close({ drainTimeout: 60_000 });
  await Promise.all([once(silent, 'close'), once(session, 'goaway')]);
  finish.resolve();
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 200);
  let body = '';
  for await (const piece of stream.setEncoding('utf8')) body += piece;
  assert.equal(body, 'done');
  await closing;
});

test('close ends a connection with the response that is on its way', async () => {
  await using stack = new AsyncDisposableStack();
  const finish = Promise.withResolvers<void>();
  const slow = stack.use(
    await backend(async (_, response) => {
      response.writeHead(200, { 'content-length': '4' });
      response.write('do');
      await finish.promise;
      response.end('ne');
    }),
  );
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [slow.port]));
  stage.put('listener', listener('http', [httpChain(manager())]));
  const engine = stack.use(await startEmbedded(stage));
  const socket = connect(engine.port('http'), '127.0.0.1');
  socket.setEncoding('latin1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  let got = '';
  for await (const piece of socket) {
    got += piece;
    if (!got.endsWith('\r\n\r\ndo')) continue;
    // Its head has said that the connection stays.
    assert.doesNotMatch(got, /connection: close/i);
    void engine.proxy.close({ drainTimeout: 60_000 });
    finish.resolve();
  }
  assert.match(got, /\r\n\r\ndone$/);
});

test('whatever endpoints say, clients of either version get an answer, and the next one', async () => {
  await using stack = new AsyncDisposableStack();
  let answer = '';
  const odd = stack.use(await rawBackend((socket) => socket.end(answer, 'latin1')));
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [odd.port]));
  stage.put('listener', listener('http', [httpChain(manager())]));
  const engine = stack.use(await startEmbedded(stage));
  const port = engine.port('http');
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  stack.defer(() => session.destroy());
  const overHttp2 = async (): Promise<number> => {
    const stream = session.request({ ':path': '/', ':authority': 'a' });
    stream.on('error', () => {});
    stream.resume();
    const [headers] = await once(stream, 'response');
    return headers[':status'];
  };
  const heads: readonly (readonly [number, string])[] = [
    [200, 'HTTP/1.1 200 OK\r\nTE: gzip\r\nHTTP2-Settings: x\r\nUpgrade: h2c\r\n\r\n'],
    [200, 'HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b\r\nETag: 1\r\nETag: 2\r\n\r\n'],
    [200, 'HTTP/1.1 200 OK\r\nX-Odd: \xff\xe9\t|\r\nSet-Cookie: \xc3\xbc\r\n\r\n'],
    [200, 'HTTP/1.1 200 OK\r\nConnection: close, content-type\r\nContent-Type: a\r\n\r\n'],
    [
      200,
      'HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nTrailer: te\r\n\r\n0\r\nTE: gzip\r\nX: 1\r\n\r\n',
    ],
    [204, 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n'],
    [599, 'HTTP/1.1 599 Odd\r\n\r\n'],
    [502, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    [502, 'HTTP/1.1 200 OK\r\nX\0: 1\r\n\r\n'],
    [502, 'HTTP/1.1 099 OK\r\n\r\n'],
  ];
  for (const [status, head] of heads) {
    answer = head;
    assert.equal((await call(port, 'a')).status, status, JSON.stringify(head));
    assert.equal(await overHttp2(), status, JSON.stringify(head));
  }
  answer = 'HTTP/1.1 999 Beyond\r\n\r\n';
  assert.equal((await call(port, 'a')).status, 999);
  assert.equal(await overHttp2(), 502, 'HTTP/2 has no such status');
});
