import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '@meshkeeper/testbed';
import type { Mesh, SdkError } from '../src/index.ts';
import { type Backend, backend, type Home, home, instance } from './fixture.ts';

const big = Buffer.alloc(3_000_000, 'abcdefgh');

const LIMIT = 64 * 1024 * 1024;

/** A number, once it has begun and stays the same. */
async function settled(read: () => number): Promise<number> {
  let last = 0;
  let same = 0;
  return until(() => {
    const now = read();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
    return same >= 5 && now;
  });
}

function failsWith(code: SdkError['code'], message?: RegExp) {
  return (error: SdkError) => {
    assert.equal(error.name, 'SdkError', String(error));
    assert.equal(error.code, code, error.message);
    if (message) assert.match(error.message, message);
    return true;
  };
}

describe('fetch', () => {
  let at: Home;
  let mesh: Mesh;
  let server: Backend;
  let aborted = 0;
  /** Bytes of what has no end. */
  let sent = 0;

  before(async () => {
    at = await home();
    mesh = await at.mesh({ service: 'shop' });
    server = await backend(async (request, response) => {
      const { method, url = '', headers, rawHeaders } = request;
      if (url === '/big') response.end(big);
      else if (url === '/gzip')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'));
      else if (url === '/endless') {
        const piece = Buffer.alloc(65_536);
        const more = () => {
          while (sent < LIMIT && !response.destroyed) {
            sent += piece.length;
            if (!response.write(piece)) return;
          }
        };
        response.on('drain', more);
        more();
      } else if (url === '/nothing') response.writeHead(204).end();
      else if (url === '/teapot') response.writeHead(418, 'Short', { 'x-a': '1' }).end('no');
      else if (url === '/cookies') response.setHeader('set-cookie', ['a=1', 'b=2']).end();
      else if (url === '/hang') response.on('close', () => aborted++);
      else if (url === '/drip') {
        response.write('first');
        response.on('close', () => aborted++);
      } else if (url === '/broken') {
        response.writeHead(200, { 'content-length': '10' });
        response.write('half');
        setImmediate(() => response.socket?.resetAndDestroy());
      } else if (url.startsWith('/to/')) {
        const [, , status, ...where] = url.split('/');
        const location = decodeURIComponent(where.join('/'));
        response.writeHead(Number(status), { location }).end('moved');
      } else {
        const pieces: Buffer[] = [];
        request.on('data', (piece: Buffer) => pieces.push(piece));
        if (
          !(await finished(request).then(
            () => true,
            () => false,
          ))
        )
          return;
        const body = Buffer.concat(pieces);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ method, url, headers, rawHeaders, body: body.toString() }));
      }
    });
    await instance(mesh, 'Orders', server.port);
    await instance(mesh, 'cart', server.port);
    const known = async (name: string) => {
      for await (const endpoints of mesh.service(name).endpoints())
        if (endpoints.length > 0) return;
    };
    await Promise.all([known('Orders'), known('cart')]);
  });

  after(async () => {
    await mesh?.close();
    await server?.kill();
    await at?.[Symbol.asyncDispose]();
  });

  test('calls a service by its name, by its alias, with a port, and in any case', async () => {
    const urls = ['http://cart/a?b=c', 'http://cart.mesh/a?b=c', 'http://cart:80/a?b=c'];
    for (const url of [...urls, 'http://CART/a?b=c', 'http://cart:8080/a?b=c#d']) {
      const response = await mesh.fetch(url);
      assert.equal(response.status, 200, url);
      const seen = (await response.json()) as { method: string; url: string };
      assert.equal(seen.method, 'GET');
      assert.equal(seen.url, '/a?b=c');
      assert.equal(response.url, new URL(url).href);
      assert.equal(response.redirected, false);
    }
    const byName = await mesh.service('Orders').fetch('/x');
    assert.equal(byName.status, 200);
    assert.equal((await mesh.fetch('http://Orders/x')).status, 200);
  });

  test('gives what an endpoint answers, whatever its status', async () => {
    const response = await mesh.fetch('http://cart/teapot');
    assert.equal(response.status, 418);
    assert.equal(response.statusText, 'Short');
    assert.equal(response.headers.get('x-a'), '1');
    assert.equal(await response.text(), 'no');
    const nothing = await mesh.fetch('http://cart/nothing');
    assert.equal(nothing.status, 204);
    assert.equal(nothing.body, null);
    const head = await mesh.fetch('http://cart/teapot', { method: 'HEAD' });
    assert.equal(await head.text(), '');
    const cookies = await mesh.fetch('http://cart/cookies');
    assert.deepEqual(cookies.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(await (await mesh.fetch('http://cart/gzip')).text(), 'unpacked');
    const whole = Buffer.from(await (await mesh.fetch('http://cart/big')).arrayBuffer());
    assert.ok(whole.equals(big));
  });

  test('sends bodies of every kind', async () => {
    type Seen = { body: string; headers: Record<string, string> };
    const sent = async (body: RequestInit['body'], headers?: Record<string, string>) => {
      const init = { method: 'POST', body, ...(headers && { headers }) } as RequestInit;
      return (await (await mesh.fetch('http://cart/', init)).json()) as Seen;
    };
    const text = await sent('naïve');
    assert.equal(text.body, 'naïve');
    assert.equal(text.headers['content-type'], 'text/plain;charset=UTF-8');
    assert.equal(text.headers['content-length'], '6');
    const stated = await sent('{}', { 'content-type': 'application/json' });
    assert.equal(stated.headers['content-type'], 'application/json');
    assert.equal((await sent(new Uint8Array([97, 98]))).body, 'ab');
    const form = await sent(new URLSearchParams({ a: 'b c' }));
    assert.equal(form.body, 'a=b+c');
    const blob = await sent(new Blob(['blob'], { type: 'text/x' }));
    assert.deepEqual([blob.body, blob.headers['content-length']], ['blob', '4']);
    const multipart = new FormData();
    multipart.set('field', 'value');
    assert.match((await sent(multipart)).body, /name="field"\r\n\r\nvalue/);
    const stream = ReadableStream.from([Buffer.from('one'), Buffer.from('two')]);
    const streamed = await sent(stream);
    assert.equal(streamed.body, 'onetwo');
    assert.equal(streamed.headers['transfer-encoding'], 'chunked');
    const request = new Request('http://cart/r', { method: 'PUT', body: 'of a request' });
    const seen = (await (await mesh.fetch(request)).json()) as Seen & { method: string };
    assert.deepEqual([seen.method, seen.body], ['PUT', 'of a request']);
    const empty = (await (await mesh.fetch('http://cart/', { method: 'POST' })).json()) as Seen;
    assert.equal(empty.headers['content-length'], '0');
    const failing = new ReadableStream({
      pull() {
        throw new Error('no more');
      },
    });
    await assert.rejects(
      mesh.fetch('http://cart/', { method: 'POST', body: failing } as RequestInit),
      /no more/,
    );
  });

  test('reads no further ahead than the reader, and lets go of what nobody wants', async () => {
    const response = await mesh.fetch('http://cart/endless');
    const reader = response.body!.getReader();
    await reader.read();
    assert.ok((await settled(() => sent)) < LIMIT / 2, `${sent} bytes were read ahead`);
    await reader.cancel();
    let given = 0;
    let givenUp = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 65_536;
        if (given > LIMIT) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
      cancel() {
        givenUp = true;
      },
    });
    const stop = new AbortController();
    // The endpoint does not read it.
    const init = { method: 'POST', body, signal: stop.signal };
    const stuck = mesh.fetch('http://cart/hang', init).catch((error: Error) => error.message);
    assert.ok((await settled(() => given)) < LIMIT / 2, `${given} bytes were taken ahead`);
    stop.abort(new Error('enough'));
    assert.equal(await stuck, 'enough');
    await until(() => givenUp);
    const before = aborted;
    const dripping = await mesh.fetch('http://cart/drip');
    await dripping.body!.cancel();
    await until(() => aborted === before + 1);
  });

  test('ends with its signal: before the response, and in the middle of it', async () => {
    const before = aborted;
    const stop = new AbortController();
    const hanging = mesh.fetch('http://cart/hang', { signal: stop.signal });
    const reason = new Error('enough');
    setTimeout(() => stop.abort(reason), 20);
    await assert.rejects(hanging, reason);
    await until(() => aborted === before + 1);
    const later = new AbortController();
    const response = await mesh.fetch('http://cart/drip', { signal: later.signal });
    later.abort(reason);
    await assert.rejects(response.text(), reason);
    await until(() => aborted === before + 2);
    await assert.rejects(mesh.fetch('http://cart/', { signal: later.signal }), reason);
  });

  test('a response that breaks off is no whole one', async () => {
    const response = await mesh.fetch('http://cart/broken');
    await assert.rejects(response.text(), failsWith('BROKEN_OFF'));
  });

  test('follows redirects as the platform does', async () => {
    const to = (status: number, where: string, init?: RequestInit) =>
      mesh.fetch(`http://cart/to/${status}/${encodeURIComponent(where)}`, init);
    type Seen = { method: string; url: string; body: string; headers: Record<string, string> };
    const followed = await to(302, '/there', { method: 'POST', body: 'x' });
    assert.equal(followed.redirected, true);
    assert.equal(followed.url, 'http://cart/there');
    const seen = (await followed.json()) as Seen;
    assert.deepEqual(
      [seen.method, seen.body, seen.headers['content-type']],
      ['GET', '', undefined],
    );
    const kept = (await (await to(307, '/there', { method: 'POST', body: 'x' })).json()) as Seen;
    assert.deepEqual([kept.method, kept.body], ['POST', 'x']);
    const headers = { authorization: 'secret' };
    const other = (await (await to(302, 'http://Orders.mesh/there', { headers })).json()) as Seen;
    assert.equal(other.headers.authorization, undefined);
    const manual = await to(302, '/there', { redirect: 'manual' });
    assert.deepEqual([manual.status, manual.headers.get('location')], [302, '/there']);
    await assert.rejects(to(302, '/there', { redirect: 'error' }), failsWith('REDIRECT'));
    await assert.rejects(to(302, 'https://example.com/'), failsWith('REDIRECT', /outside/));
    const stream = ReadableStream.from([Buffer.from('x')]);
    const again = to(307, '/there', { method: 'POST', body: stream } as RequestInit);
    await assert.rejects(again, failsWith('REDIRECT', /streamed/));
  });

  test('does what the policies say', async () => {
    const route = (name: string, rules: readonly object[]) => ({
      ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name } },
      spec: { parentRefs: [{ kind: 'Service', group: '', name: 'cart' }], rules },
    });
    const backendRefs = [{ name: 'cart', port: server.port }];
    const match = (value: string) => [{ path: { type: 'Exact', value } }];
    const moved = { type: 'RequestRedirect', requestRedirect: { hostname: 'example.com' } };
    const rules = [
      { matches: match('/hang'), timeouts: { request: '100ms' }, backendRefs },
      { matches: match('/moved'), filters: [moved] },
      { matches: match('/teapot'), backendRefs },
    ];
    const applied = await fetch(`${at.api}/api/v1/policies/apply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ policies: [route('cart', rules)] }),
    });
    assert.ok(applied.ok, await applied.text());
    await until(() => mesh.fetch('http://cart/a').then(() => false, failsWith('NO_ROUTE')));
    await assert.rejects(mesh.fetch('http://cart/hang'), failsWith('TIMEOUT'));
    const redirected = await mesh.fetch('http://cart/moved', { redirect: 'manual' });
    assert.equal(redirected.status, 302, 'what a policy answers is a response');
    assert.equal((await mesh.fetch('http://cart/teapot')).status, 418);
  });

  test('says what is wrong, and what to do', async () => {
    await assert.rejects(
      mesh.fetch('http://nobody/'),
      failsWith('NO_SERVICE', /no service nobody/),
    );
    await assert.rejects(mesh.fetch('/relative'), failsWith('INVALID_ARGUMENT', /absolute/));
    await assert.rejects(mesh.fetch('https://cart/'), failsWith('INVALID_ARGUMENT', /TLS/));
    await assert.rejects(mesh.fetch('http://a:b@cart/'), failsWith('INVALID_ARGUMENT'));
    await assert.rejects(
      mesh.fetch('http://cart/', { body: 'x' }),
      failsWith('INVALID_ARGUMENT', /no body/),
    );
    const dead = await backend(() => {});
    await dead.kill();
    const registered = await instance(mesh, 'dead', dead.port);
    await assert.rejects(mesh.fetch('http://dead/'), failsWith('UNAVAILABLE', /reached/));
    await registered.close();
  });
});
