import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { test } from 'node:test';
import { backend } from '../fixture.ts';
import { httpChain, listener, startEmbedded, startStage, staticCluster } from '../stage.ts';
import { manager } from './stage-with.ts';

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
