import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'undici';
import { backend, endpoint, raw, testMesh } from './fixture.ts';

const to = (host: string, headers: Record<string, string> = {}) => ({
  headers: { host, ...headers },
});

test('routes by host: the name, its alias, either with a port; others get a 404', async () => {
  await using one = await backend((_, response) => response.end('one'));
  await using two = await backend((_, response) => response.end('two'));
  await using mesh = await testMesh({
    Orders: [endpoint(one.port)],
    users: [endpoint(two.port)],
  });
  for (const host of ['Orders', 'orders', 'orders.mesh', 'ORDERS.mesh:8080']) {
    const { body } = await request(mesh.url, to(host));
    assert.equal(await body.text(), 'one', host);
  }
  assert.equal(await (await request(mesh.url, to('users'))).body.text(), 'two');
  const missing = await request(mesh.url, to('nowhere'));
  assert.equal(missing.statusCode, 404);
  assert.equal(await missing.body.text(), 'There is no service for host nowhere.\n');
});

test('spreads requests by weight, and spares draining endpoints', async () => {
  const seen: number[] = [];
  await using one = await backend((_, response) => response.end('1'));
  await using two = await backend((_, response) => response.end('2'));
  await using old = await backend((_, response) => response.end('3'));
  await using mesh = await testMesh({
    web: [
      endpoint(one.port, { weight: 300 }),
      endpoint(two.port, { weight: 100 }),
      endpoint(old.port, { health: 'draining' }),
    ],
  });
  for (let i = 0; i < 8; i++) {
    seen.push(Number(await (await request(mesh.url, to('web'))).body.text()));
  }
  assert.equal(seen.filter((each) => each === 1).length, 6);
  assert.equal(seen.filter((each) => each === 2).length, 2);
});

test('a service without endpoints is a 503', async () => {
  await using mesh = await testMesh({ empty: [] });
  const { statusCode, body } = await request(mesh.url, to('empty'));
  assert.equal(statusCode, 503);
  assert.equal(await body.text(), 'empty has no healthy endpoint.\n');
});

test('headers: hop-by-hop ones are removed both ways, the forwarded ones are there', async () => {
  await using echo = await backend((incoming, response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      connection: 'x-secret',
      'x-secret': 'hop',
      'keep-alive': 'timeout=77',
    });
    response.end(JSON.stringify(incoming.headers));
  });
  await using mesh = await testMesh({ echo: [endpoint(echo.port)] });
  const got = await raw(
    mesh.port,
    'GET / HTTP/1.1\r\nHost: echo\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\nX-Keep: 2\r\n' +
      'Keep-Alive: timeout=9\r\nProxy-Connection: x\r\nTE: trailers\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n',
  );
  const [head = '', body = ''] = got.split('\r\n\r\n');
  assert.doesNotMatch(head, /x-secret|timeout=77/i);
  const json = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1);
  const headers: Record<string, string> = JSON.parse(json);
  for (const name of ['x-drop', 'keep-alive', 'proxy-connection']) {
    assert.equal(headers[name], undefined, name);
  }
  assert.equal(headers['x-keep'], '2');
  assert.equal(headers.te, 'trailers');
  assert.equal(headers['x-forwarded-for'], '9.9.9.9, 127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers['x-forwarded-host'], 'echo');
  assert.match(headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/);
});

test('connections to an endpoint are reused', async () => {
  await using web = await backend((_, response) => response.end('x'));
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  for (let i = 0; i < 20; i++) await (await request(mesh.url, to('web'))).body.text();
  assert.equal(web.connections(), 1);
});

test('HEAD, 204 and 304 have no body and keep the connection in step', async () => {
  await using web = await backend((incoming, response) => {
    if (incoming.url === '/204') response.writeHead(204).end();
    else if (incoming.url === '/304') response.writeHead(304, { etag: 'x' }).end();
    else response.writeHead(200, { 'content-length': '5' }).end('hello');
  });
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  const head = await request(mesh.url, { method: 'HEAD', ...to('web') });
  assert.equal(head.headers['content-length'], '5');
  assert.equal(await head.body.text(), '');
  for (const status of [204, 304]) {
    const answer = await request(`${mesh.url}/${status}`, to('web'));
    assert.equal(answer.statusCode, status);
    assert.equal(await answer.body.text(), '');
  }
  assert.equal(await (await request(mesh.url, to('web'))).body.text(), 'hello');
  assert.equal(web.connections(), 1);
});

test('bodies go through both ways, with a length, in chunks, and with trailers', async () => {
  await using echo = await backend((incoming, response) => {
    response.writeHead(200, { trailer: 'x-end' });
    incoming.pipe(response, { end: false });
    incoming.on('end', () => {
      response.addTrailers({ 'x-end': `${incoming.trailers['x-sum'] ?? 'none'}` });
      response.end();
    });
  });
  await using mesh = await testMesh({ echo: [endpoint(echo.port)] });
  const options = { method: 'POST', ...to('echo') } as const;
  const sized = await request(mesh.url, { ...options, body: 'a'.repeat(100_000) });
  assert.equal((await sized.body.text()).length, 100_000);
  const chunked = await raw(
    mesh.port,
    'POST / HTTP/1.1\r\nHost: echo\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n' +
      '3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 42\r\n\r\n',
    'x-end: 42\r\n',
  );
  assert.match(chunked, /abc/);
  assert.match(chunked, /x-end: 42\r\n/);
});

test('100-continue: the client is asked for its body once there is somewhere to send it', async () => {
  await using echo = await backend((incoming, response) => incoming.pipe(response));
  await using mesh = await testMesh({ echo: [endpoint(echo.port)] });
  const head = (host: string) =>
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`;
  const asked = await raw(mesh.port, head('echo'), '100 Continue');
  assert.match(asked, /^HTTP\/1\.1 100 Continue/);
  const refused = await raw(mesh.port, head('nowhere'));
  assert.match(refused, /^HTTP\/1\.1 404 /);
});

test('paths are normalised before they are sent on', async () => {
  await using echo = await backend((incoming, response) => response.end(incoming.url));
  await using mesh = await testMesh({ echo: [endpoint(echo.port)] });
  const got = await raw(
    mesh.port,
    'GET /a/../b//%2e%2e/c/%41?x=../y HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n',
  );
  assert.match(got, /\/b\/c\/A\?x=\.\.\/y/);
});

test('an absolute target is routed by its authority', async () => {
  await using echo = await backend((incoming, response) => {
    response.end(`${incoming.headers.host} ${incoming.url}`);
  });
  await using mesh = await testMesh({ echo: [endpoint(echo.port)] });
  const got = await raw(
    mesh.port,
    'GET http://echo/path HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n',
  );
  assert.match(got, /echo \/path/);
});
