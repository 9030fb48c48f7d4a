import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { backend, raw, rawBackend } from '../fixture.ts';
import { call } from '../side-by-side/caller.ts';
import { httpChain, listener, startEmbedded, startStage, staticCluster } from '../stage.ts';
import { manager, stageWith } from './stage-with.ts';

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
