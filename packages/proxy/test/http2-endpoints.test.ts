import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { request } from 'undici';
import { backend, endpoint, testMesh } from './fixture.ts';
import { http2Backend } from './http2-backend.ts';

const to = (host: string) => ({ headers: { host } });

test('a service of HTTP/2 is asked over one connection, with what HTTP/1 has no place for', async () => {
  const seen: Record<string, unknown>[] = [];
  await using web = await http2Backend((incoming, response) => {
    seen.push({ ...incoming.headers, method: incoming.method });
    response.writeHead(201, { 'x-list': ['a', 'b'] });
    incoming.pipe(response);
  });
  await using mesh = await testMesh({});
  await mesh.set('rpc', [endpoint(web.port)], 'http2');
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const init = { method: 'POST', body: `body ${i}`, headers: { host: 'rpc', 'X-A': '1' } };
      const { statusCode, headers, body } = await request(mesh.url, init as never);
      return { statusCode, list: headers['x-list'], text: await body.text() };
    }),
  );
  for (const [i, answer] of answers.entries()) {
    assert.deepEqual(answer, { statusCode: 201, list: ['a', 'b'], text: `body ${i}` });
  }
  assert.equal(web.accepted(), 1);
  const { ':authority': authority, ':path': path, 'x-a': a, connection } = seen[0]!;
  assert.deepEqual([authority, path, a, connection], ['rpc', '/', '1', undefined]);
});

test('a server that speaks no HTTP/2 fails alone', async () => {
  await using web = await backend((_, response) => response.end('ok'));
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  await mesh.set('rpc', [endpoint(web.port)], 'grpc');
  await until(async () => {
    const { statusCode, body } = await request(mesh.url, to('rpc'));
    await body.text();
    return statusCode === 503;
  });
  assert.equal(await (await request(mesh.url, to('web'))).body.text(), 'ok');
});
