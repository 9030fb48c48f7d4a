import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type ClientRequest, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { duration } from '@meshkeeper/xds';
import { raw } from '../fixture.ts';
import { call } from '../side-by-side/caller.ts';
import { manager, stageWith, to } from './stage-with.ts';

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
