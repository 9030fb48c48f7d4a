import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { until } from '@meshkeeper/testbed';
import { Agent, request } from 'undici';
import { startProxy } from '../src/index.ts';
import { backend, endpoint, raw, rawBackend, testMesh } from './fixture.ts';

const to = (host: string) => ({ headers: { host } });

test('close lets requests finish with connection: close, and drops idle connections at once', async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  await using web = await backend(async (incoming, response) => {
    if (incoming.url === '/slow') {
      arrived.resolve();
      await finish.promise;
    }
    response.end('done');
  });
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  const agent = new Agent();
  await (await request(mesh.url, { ...to('web'), dispatcher: agent })).body.text();
  const slow = raw(mesh.port, 'GET /slow HTTP/1.1\r\nHost: web\r\n\r\n');
  await arrived.promise;
  const closing = mesh.proxy.close({ drainTimeout: 5_000 });
  assert.equal(mesh.proxy.close(), closing, 'the second call is the first');
  await until(() =>
    request(mesh.url, to('web')).then(
      () => false,
      () => true,
    ),
  );
  finish.resolve();
  const got = await slow;
  assert.match(got, /^HTTP\/1\.1 200 /);
  assert.match(got, /connection: close/i);
  await closing;
  await agent.close();
});

test('close drops what is not done in time', async () => {
  const arrived = Promise.withResolvers<void>();
  await using web = await backend(() => arrived.resolve());
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  const hanging = request(mesh.url, to('web'));
  const failed = assert.rejects(hanging);
  await arrived.promise;
  const began = performance.now();
  await mesh.proxy.close({ drainTimeout: 50 });
  assert(performance.now() - began < 4_500);
  await failed;
});

test('a slow reader does not make the proxy hold a 100 MB body', async () => {
  const SIZE = 100 * 1024 * 1024;
  const piece = Buffer.alloc(256 * 1024, 'x');
  let sent = 0;
  await using big = await backend((_, response) => {
    response.writeHead(200, { 'content-length': SIZE });
    const more = () => {
      while (sent < SIZE) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  await using mesh = await testMesh({ big: [endpoint(big.port)] });
  const { body } = await request(mesh.url, { ...to('big'), highWaterMark: 16 * 1024 });
  let before = -1;
  await until(
    () => {
      const still = sent === before;
      before = sent;
      return still && sent > 0;
    },
    { interval: 200, message: 'the backend is held up' },
  );
  assert(sent < 20 * 1024 * 1024, `the backend could send ${sent} bytes to nobody`);
  let got = 0;
  for await (const chunk of body) got += chunk.length;
  assert.equal(got, SIZE);
});

test('a slow backend does not make the proxy hold a 100 MB upload', async () => {
  const go = Promise.withResolvers<void>();
  let received = 0;
  await using slow = await backend(async (incoming, response) => {
    await go.promise;
    for await (const chunk of incoming) received += chunk.length;
    response.end(String(received));
  });
  await using mesh = await testMesh({ slow: [endpoint(slow.port)] });
  const piece = Buffer.alloc(64 * 1024, 'x');
  const COUNT = 1600;
  let pulled = 0;
  async function* upload() {
    for (; pulled < COUNT; pulled++) yield piece;
  }
  const answer = request(mesh.url, {
    method: 'POST',
    ...to('slow'),
    body: Readable.from(upload()),
  });
  let before = -1;
  await until(
    () => {
      const still = pulled === before;
      before = pulled;
      return still && pulled > 0;
    },
    { interval: 200, message: 'the client is held up' },
  );
  assert(pulled * piece.length < 20 * 1024 * 1024, `${pulled} pieces were taken`);
  go.resolve();
  assert.equal(await (await answer).body.text(), String(COUNT * piece.length));
});

test('WebSocket upgrades go through both ways; others are ignored', async () => {
  await using server = await rawBackend((socket, text) => {
    if (text.startsWith('GET')) {
      assert.match(text, /upgrade: websocket/i);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi',
      );
    } else socket.end(`got ${text}`);
  });
  await using web = await backend((incoming, response) => {
    response.end(`upgrade ${incoming.headers.upgrade ?? 'none'}`);
  });
  await using mesh = await testMesh({ ws: [endpoint(server.port)], web: [endpoint(web.port)] });
  const head = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const got = await raw(mesh.port, `GET / HTTP/1.1\r\nHost: ws\r\n${head}ping`);
  assert.match(got, /^HTTP\/1\.1 101 .*\r\n\r\nhigot ping$/s);
  const other = 'Connection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n';
  assert.match(await raw(mesh.port, `GET / HTTP/1.1\r\nHost: web\r\n${other}`), /upgrade none/);
  const refused = await raw(mesh.port, `GET / HTTP/1.1\r\nHost: nowhere\r\n${head}`);
  assert.match(refused, /^HTTP\/1\.1 404 /);
});

test('a listener whose port is busy fails the start, and says which', async () => {
  await using holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  assert(typeof address === 'object' && address);
  await using mesh = await testMesh({});
  const starting = startProxy({
    xds: { address: mesh.server.address },
    node: { id: 'second', cluster: 'test' },
    listeners: { gateway: { host: '127.0.0.1', port: address.port } },
  });
  await assert.rejects(starting, {
    code: 'port-busy',
    message: `The port of the listener gateway, 127.0.0.1:${address.port}, is busy: stop what uses it or choose another.`,
  });
});

test('without a control plane the start gives up, with the reason; so does an abort', async () => {
  const node = { id: 'alone', cluster: 'test' };
  const xds = { address: { host: '127.0.0.1', port: 1 } };
  await assert.rejects(startProxy({ xds, node, readyTimeout: 100 }), { code: 'not-ready' });
  const abort = new AbortController();
  const starting = startProxy({ xds, node }, { signal: abort.signal });
  await setImmediate();
  const reason = new Error('enough');
  abort.abort(reason);
  await assert.rejects(starting, reason);
});

test('the last good configuration serves while the control plane is away', async () => {
  await using web = await backend((_, response) => response.end('still here'));
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  assert.equal(mesh.proxy.status().controlPlane.type, 'live');
  await mesh.server.close();
  await until(() => mesh.proxy.status().controlPlane.type === 'disconnected');
  assert.equal(await (await request(mesh.url, to('web'))).body.text(), 'still here');
});
