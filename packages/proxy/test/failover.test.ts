import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Agent, request } from 'undici';
import type { FinishedRequest } from '../src/index.ts';
import { backend, endpoint, raw, rawBackend, testMesh } from './fixture.ts';

const to = (host: string) => ({ headers: { host } });

test('an endpoint is killed under load: no request fails while its peer lives', async () => {
  await using lives = await backend((_, response) => response.end('ok'));
  await using dies = await backend((_, response) => {
    setTimeout(() => response.end('ok'), 2);
  });
  await using mesh = await testMesh({ web: [endpoint(lives.port), endpoint(dies.port)] });
  const agent = new Agent({ connections: 32 });
  const statuses = new Map<number, number>();
  const totals = { done: 0 };
  const worker = async () => {
    while (totals.done < 3000) {
      const { statusCode, body } = await request(mesh.url, { ...to('web'), dispatcher: agent });
      await body.text();
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      if (++totals.done === 1000) void dies.kill();
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  await agent.close();
  assert.deepEqual([...statuses.keys()], [200]);
});

test('an endpoint that refuses connections is left aside, never the last one', async () => {
  await using lives = await backend((_, response) => response.end('ok'));
  const gone = await backend((_, response) => response.end('ok'));
  await gone.kill();
  const failed: string[] = [];
  const ejected: string[] = [];
  const observer = {
    connectFailed: ({ endpoint }: { endpoint: string }) => failed.push(endpoint),
    endpointEjected: ({ endpoint }: { endpoint: string }) => ejected.push(endpoint),
  };
  await using mesh = await testMesh(
    { web: [endpoint(gone.port), endpoint(lives.port)], dead: [endpoint(gone.port)] },
    { observer },
  );
  for (let i = 0; i < 50; i++) {
    const { statusCode, body } = await request(mesh.url, to('web'));
    await body.text();
    assert.equal(statusCode, 200);
  }
  assert.deepEqual(ejected, [`127.0.0.1:${gone.port}`]);
  assert.equal(failed.length, 2, 'two connections fail, then it is left alone');
  for (let i = 0; i < 5; i++) {
    const { statusCode, body } = await request(mesh.url, to('dead'));
    assert.equal(statusCode, 503);
    assert.equal(await body.text(), 'No endpoint of dead could be reached.\n');
  }
  assert.equal(ejected.length, 1);
});

test('a POST goes elsewhere when the connection fails, but is never sent twice', async () => {
  const bodies: string[] = [];
  await using lives = await backend((incoming, response) => {
    incoming.setEncoding('utf8').on('data', (piece: string) => bodies.push(piece));
    incoming.on('end', () => response.end('ok'));
  });
  const gone = await backend((_, response) => response.end());
  await gone.kill();
  let resets = 0;
  await using resetting = await rawBackend((socket) => {
    resets++;
    socket.destroy();
  });
  await using mesh = await testMesh({
    half: [endpoint(gone.port), endpoint(lives.port)],
    bad: [endpoint(resetting.port), endpoint(resetting.port + 1)],
  });
  const post = { method: 'POST', body: 'hello' } as const;
  const answer = await request(mesh.url, { ...post, ...to('half') });
  assert.equal(answer.statusCode, 200);
  await answer.body.text();
  assert.deepEqual(bodies, ['hello']);
  await mesh.set('bad', [endpoint(resetting.port)]);
  const broken = await request(mesh.url, { ...post, ...to('bad') });
  assert.equal(broken.statusCode, 503);
  await broken.body.text();
  assert.equal(resets, 1);
});

test('a GET whose response never begins is tried on another endpoint', async () => {
  const finished: FinishedRequest[] = [];
  await using resetting = await rawBackend((socket) => socket.destroy());
  await using lives = await backend((_, response) => response.end('ok'));
  await using mesh = await testMesh(
    { web: [endpoint(resetting.port), endpoint(lives.port)] },
    { observer: { requestFinished: (each) => finished.push(each) } },
  );
  for (let i = 0; i < 4; i++) {
    const { statusCode, body } = await request(mesh.url, to('web'));
    assert.equal(statusCode, 200);
    await body.text();
  }
  await until(() => finished.length === 4);
  assert.deepEqual(
    finished.map(({ cluster, status }) => `${cluster} ${status}`),
    Array(4).fill('web 200'),
  );
  assert(finished.some(({ retries }) => retries > 0));
});

test('an idle connection that the server closes in the meantime costs no request', async () => {
  await using web = await backend((_, response) => response.end('ok'));
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  for (let i = 0; i < 30; i++) {
    const { statusCode, body } = await request(mesh.url, to('web'));
    await body.text();
    assert.equal(statusCode, 200);
    web.server.closeAllConnections();
  }
});

test('a response that breaks off breaks off for the client too, whatever its framing', async () => {
  const heads = ['content-length: 100\r\n\r\nabc', 'transfer-encoding: chunked\r\n\r\n5\r\nabc'];
  for (const head of heads) {
    await using broken = await rawBackend((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}`, () => socket.destroy());
    });
    await using mesh = await testMesh({ web: [endpoint(broken.port)] });
    const reading = request(mesh.url, to('web')).then(({ body }) => body.text());
    await assert.rejects(reading, `${head} must not end cleanly`);
  }
});

test('a response that is not valid HTTP is a 502', async () => {
  const answers = [
    'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n',
    'HTTP/1.1 200 OK\nx: a\n\n\r\n\r\n',
    'SSH-2.0-OpenSSH\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(70_000)}`,
  ];
  for (const answer of answers) {
    await using bad = await rawBackend((socket) => socket.write(answer));
    await using mesh = await testMesh({ web: [endpoint(bad.port)] });
    const { statusCode, body } = await request(mesh.url, to('web'));
    assert.equal(statusCode, 502, JSON.stringify(answer.slice(0, 60)));
    await body.text();
  }
});

test('an answer that comes before the end of the upload ends the connection to the endpoint', async () => {
  const closed = Promise.withResolvers<void>();
  await using eager = await rawBackend((socket) => {
    socket.on('close', () => closed.resolve());
    socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno');
  });
  await using mesh = await testMesh({ web: [endpoint(eager.port)] });
  const head = 'POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1000\r\n\r\nsome';
  assert.match(await raw(mesh.port, head, '\r\n\r\nno'), /^HTTP\/1\.1 413 /);
  await closed.promise;
});

test('a client that goes away takes its request with it', async () => {
  const aborted = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await using slow = await backend((_, response) => {
    response.on('close', () => aborted.resolve());
    arrived.resolve();
  });
  await using mesh = await testMesh({ slow: [endpoint(slow.port)] });
  const abort = new AbortController();
  const pending = request(mesh.url, { ...to('slow'), signal: abort.signal });
  await arrived.promise;
  abort.abort();
  await assert.rejects(pending);
  await aborted.promise;
});

test('an endpoint that leaves finishes its requests, and its idle connections are closed', async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  await using leaves = await backend(async (incoming, response) => {
    if (incoming.url === '/slow') {
      arrived.resolve();
      await finish.promise;
    }
    response.end('old');
  });
  await using stays = await backend((_, response) => response.end('new'));
  await using mesh = await testMesh({ web: [endpoint(leaves.port)] });
  await (await request(mesh.url, to('web'))).body.text();
  const slow = request(`${mesh.url}/slow`, to('web'));
  await arrived.promise;
  await (await request(mesh.url, to('web'))).body.text();
  await mesh.set('web', [endpoint(stays.port)]);
  assert.equal(await (await request(mesh.url, to('web'))).body.text(), 'new');
  finish.resolve();
  assert.equal(await (await slow).body.text(), 'old');
  await until(
    () => new Promise<boolean>((done) => leaves.server.getConnections((_, n) => done(n === 0))),
    { message: 'the connections to the endpoint that left are closed' },
  );
});

test('requests that could be read in two ways are refused', async () => {
  let requests = 0;
  await using web = await backend((_, response) => {
    requests++;
    response.end('x');
  });
  await using mesh = await testMesh({ web: [endpoint(web.port)] });
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: web\r\n\r\n';
  const heads = {
    'both lengths': `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'two lengths': `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    'a list of lengths': `Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`,
    'a signed length': `Content-Length: +0\r\n\r\n${smuggled}`,
    'an unknown coding': `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a coding before chunked': `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a coding twice': `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a blank before the colon': `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a folded header': `X: a\r\n b\r\n\r\n`,
    'a lone line feed': `X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a second host': `Host: other\r\n\r\n`,
    'an underscore': `Content_Length: 1\r\n\r\n`,
  };
  for (const [name, rest] of Object.entries(heads)) {
    const got = await raw(mesh.port, `POST / HTTP/1.1\r\nHost: web\r\n${rest}`);
    assert.match(got, /^HTTP\/1\.1 (400|501) /, `${name}: ${got.slice(0, 80)}`);
    assert.equal(got.match(/HTTP\/1\.1 /g)?.length, 1, `${name} is answered once`);
  }
  assert.equal(requests, 0);
  const chunk = 'POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
  assert.doesNotMatch(await raw(mesh.port, chunk), /HTTP\/1\.1 200/);
});

test('headers beyond the limit are a 431', async () => {
  await using mesh = await testMesh({ web: [] });
  const got = await raw(
    mesh.port,
    `GET / HTTP/1.1\r\nHost: web\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`,
  );
  assert.match(got, /^HTTP\/1\.1 431 /);
});
