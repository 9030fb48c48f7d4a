import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startFaultProxy, until } from '@meshkeeper/testbed';
import Fastify from 'fastify';
import { limitStreams, sendEvents } from '../../src/api/event-stream.ts';
import type { ControlPlane } from '../../src/index.ts';
import { type ApiPlane, callAt, startApiPlane, startReplicaOf } from './plane.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the API has limits', () => {
  let api: ApiPlane;
  let proxy: FaultProxy;
  let plane: ControlPlane;

  before(async () => {
    api = await startApiPlane({ limits: { streams: 2 } }, async (zk) => {
      await zk.create('/discovery');
    });
    const [host = '', port] = api.server.connect.split(':');
    proxy = await startFaultProxy({ target: { host, port: Number(port) } });
    plane = await startReplicaOf(proxy.connect, { limits: { time: '300ms' } });
  });
  after(async () => {
    proxy?.unstall();
    await plane?.close();
    await proxy?.close();
    await api?.[Symbol.asyncDispose]();
  });

  /** What is answered to bytes. */
  async function sent(bytes: string) {
    const { hostname, port } = new URL(api.plane.api);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.write(bytes);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    return { head, problem: JSON.parse(body) };
  }

  test('what is no request is answered by a problem, too', async () => {
    const long = 'x'.repeat(20_000);
    for (const [bytes, status, code] of [
      ['NONSENSE\r\n\r\n', 400, 'invalid-request'],
      [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${long}\r\n\r\n`, 431, 'headers-too-large'],
      [`GET /${long} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 431, 'headers-too-large'],
    ] as const) {
      const { head, problem } = await sent(bytes);
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(head, /content-type: application\/problem\+json/);
      assert.deepEqual([problem.status, problem.code], [status, code]);
    }
    for (const path of ['/api/v1/services/%', `/api/v1/services/${'y'.repeat(9_000)}`]) {
      const { status, headers, body } = await api.call(path);
      assert.ok(status >= 400 && status < 500, `${status}`);
      assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.equal(body.status, status);
    }
  });

  test('what takes too long is given up; what waits as it was asked to is not', async () => {
    const call = (path: string, init?: RequestInit) => callAt(plane.api, path, init);
    const acquire = (holder: string, wait: string) =>
      call('/api/v1/locks/slow', {
        ...{ method: 'POST', headers: JSON_TYPE },
        body: JSON.stringify({ holder, ttl: '1m', wait }),
      });
    assert.equal((await acquire('one', '0s')).status, 201);
    const waited = await acquire('two', '700ms');
    assert.deepEqual([waited.status, waited.body.code], [409, 'held']);
    proxy.stall();
    const { status, body, headers } = await call('/api/v1/tokens');
    proxy.unstall();
    assert.deepEqual([status, body.code], [504, 'timeout']);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    await until(async () => (await call('/api/v1/tokens')).status === 200);
    const { body: document, text: whole } = await api.call('/api/v1/openapi.json');
    assert.ok(document.paths, whole);
    for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(
      document.paths,
    ))
      for (const { responses } of Object.values(methods)) assert.ok('504' in responses, path);
  });

  test('more streams than there may be are refused, and the next when one has gone', async () => {
    const open = async () => {
      const stop = new AbortController();
      const url = `${api.plane.api}/api/v1/events`;
      const response = await fetch(url, { signal: stop.signal });
      return { response, stop };
    };
    const [first, second, third] = [await open(), await open(), await open()];
    assert.deepEqual([first.response.status, second.response.status], [200, 200]);
    assert.equal(third.response.status, 503);
    assert.equal(((await third.response.json()) as { code: string }).code, 'too-many-streams');
    first.stop.abort();
    await until(async () => {
      const again = await open();
      again.stop.abort();
      return again.response.status === 200;
    });
    second.stop.abort();
  });
});

test('who reads a stream no more is left, who reads it is kept', async () => {
  await using app = Fastify({ forceCloseConnections: true });
  limitStreams(app, 10, 20);
  let left = 0;
  const data = 'x'.repeat(64 * 1024);
  app.get('/flood', (_request, reply) =>
    sendEvents(reply, async function* (signal) {
      signal.addEventListener('abort', () => left++);
      while (!signal.aborted) yield { event: 'state', data };
    }),
  );
  let told = 0;
  app.get('/quiet', (_request, reply) =>
    sendEvents(reply, async function* (signal) {
      yield { event: 'state', data: {} };
      await once(signal, 'abort');
    }),
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  // A TCP server that listens has an address of this kind.
  const { port } = app.server.address() as AddressInfo;
  const open = async (path: string) => {
    const [response] = await once(get({ port, path, agent: false }), 'response');
    return response as IncomingMessage;
  };
  const quiet = await open('/quiet');
  quiet.on('data', (chunk: Buffer) => {
    told += chunk.toString().split(': still here').length - 1;
  });
  const slow = await open('/flood');
  slow.on('error', () => {}); // it is left
  slow.pause();
  await until(() => left === 1);
  // Meanwhile the other was told again and again that there is nothing.
  await until(() => told > 8);
  assert.equal(app.eventStreams.open, 1);
  quiet.destroy();
  await until(() => app.eventStreams.open === 0);
});
