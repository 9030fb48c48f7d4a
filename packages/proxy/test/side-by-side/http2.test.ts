import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { describe, test } from 'node:test';
import { skipWithout, until } from '@meshkeeper/testbed';
import { HttpProtocolOptions, pack } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { http2Backend } from '../http2-backend.ts';
import { httpChain, listener, staticCluster } from '../stage.ts';
import { echo } from './caller.ts';
import { bothEngines } from './engines.ts';

const HTTP2 = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const SPEAKS_HTTP2 = {
  [HTTP2]: pack(HTTP2, HttpProtocolOptions, { explicitHttpConfig: { http2ProtocolOptions: {} } }),
};

interface Answer {
  readonly headers: IncomingHttpHeaders & { ':status'?: number };
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request on a session. */
async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string | string[]>,
  body?: string,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  let got: Answer['headers'] = {};
  let trailers: IncomingHttpHeaders = {};
  let text = '';
  stream.on('response', (found) => {
    got = found;
  });
  stream.on('trailers', (found) => {
    trailers = found;
  });
  stream.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  await once(stream, 'close');
  if (stream.rstCode !== 0) throw new Error(`reset with ${stream.rstCode}`);
  return { headers: got, trailers, body: text };
}

describe('HTTP/2 for clients does on both data planes', { skip: skipWithout('envoy') }, () => {
  let cancelled = 0;
  const engines = bothEngines(async (stage, stack) => {
    const plain = stack.use(await backend(echo('plain')));
    const odd = stack.use(
      await backend((incoming, response) => {
        switch (incoming.url) {
          case '/half':
            response.writeHead(200, { 'content-length': '10' });
            response.write('half', () => incoming.socket.destroy());
            break;
          case '/hang':
            response.on('close', () => cancelled++);
            break;
          case '/early':
            response.writeHead(413).end('too much');
            break;
          default:
            response.writeHead(204, { 'set-cookie': ['a=1', 'b=2'] }).end();
        }
      }),
    );
    const h2 = stack.use(
      await http2Backend((incoming, response) => {
        response.writeHead(200, { 'x-version': incoming.httpVersion });
        response.addTrailers({ 'x-sum': '42' });
        incoming.pipe(response);
      }),
    );
    stage.put('cluster', staticCluster('plain', [plain.port]));
    stage.put('cluster', staticCluster('odd', [odd.port]));
    const speaks = { typedExtensionProtocolOptions: SPEAKS_HTTP2 };
    stage.put('cluster', staticCluster('h2', [h2.port], speaks));
    const virtualHosts = ['plain', 'odd', 'h2'].map((name) => ({
      name,
      domains: [name],
      routes: [{ match: { prefix: '/' }, route: { cluster: name } }],
    }));
    const manager = {
      routeConfig: { virtualHosts },
      http2ProtocolOptions: { maxConcurrentStreams: { value: 50 } },
      commonHttpProtocolOptions: { headersWithUnderscoresAction: 1 },
    };
    stage.put('listener', listener('http', [httpChain(manager)]));
  });

  const each = (
    name: string,
    body: (session: ClientHttp2Session, engine: string) => Promise<void>,
  ) =>
    test(name, async () => {
      for (const engine of engines) {
        const session = connect(`http://127.0.0.1:${engine.port('http')}`);
        session.on('error', () => {});
        await once(session, 'remoteSettings');
        try {
          await body(session, engine.name);
        } finally {
          session.destroy();
        }
      }
    });

  each('a client that begins with HTTP/2 is understood', async (session, engine) => {
    const { headers, body } = await ask(
      session,
      {
        ':path': '/x?y=1',
        ':method': 'POST',
        ':authority': 'plain',
        'x-a': ['1', '2'],
        cookie: ['a=1', 'b=2'],
        te: 'trailers',
      },
      'hello',
    );
    assert.equal(headers[':status'], 200, engine);
    assert.equal(headers['x-from'], 'plain', engine);
    assert.equal(headers['x-twice'], 'a, b', engine);
    assert.equal(headers.connection, undefined, engine);
    const asked = JSON.parse(body);
    assert.deepEqual([asked.method, asked.url, asked.body], ['POST', '/x?y=1', 'hello'], engine);
    assert.equal(asked.headers.host, 'plain', engine);
    assert.equal(asked.headers['x-a'], '1, 2', engine);
    assert.equal(asked.headers.cookie, 'a=1; b=2', engine);
  });

  each('many requests share a connection', async (session, engine) => {
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const body = `${i} `.repeat(5_000);
        const head = { ':path': '/', ':method': 'PUT', ':authority': 'h2' };
        return ask(session, head, body).then((answer) => answer.body === body);
      }),
    );
    assert(all.every(Boolean), engine);
  });

  each('trailers, empty responses and lists go through', async (session, engine) => {
    const odd = (path: string) => ask(session, { ':path': path, ':authority': 'odd' });
    const post = { ':path': '/', ':method': 'POST', ':authority': 'h2' };
    const { trailers, body } = await ask(session, post, 'body');
    assert.deepEqual([body, trailers['x-sum']], ['body', '42'], engine);
    const { headers } = await odd('/');
    assert.equal(headers[':status'], 204, engine);
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'], engine);
    const head = await ask(session, { ':path': '/', ':method': 'HEAD', ':authority': 'plain' });
    assert.deepEqual([head.headers[':status'], head.body], [200, ''], engine);
  });

  each('a response that breaks off is reset, and others go on', async (session, engine) => {
    const odd = (path: string) => ask(session, { ':path': path, ':authority': 'odd' });
    await assert.rejects(odd('/half'), engine);
    assert.equal((await odd('/')).headers[':status'], 204, engine);
  });

  each('a request that is cancelled is cancelled at the endpoint', async (session, engine) => {
    const before = cancelled;
    const stream = session.request({ ':path': '/hang', ':authority': 'odd' });
    stream.on('error', () => {});
    const timer = setInterval(() => stream.close(8), 100);
    await until(() => cancelled > before, { message: `${engine} cancels it` });
    clearInterval(timer);
    const answer = await ask(session, { ':path': '/', ':authority': 'odd' });
    assert.equal(answer.headers[':status'], 204, engine);
  });

  each('an answer before the end of the upload ends the upload', async (session, engine) => {
    const stream = session.request({ ':path': '/early', ':method': 'POST', ':authority': 'odd' });
    stream.on('error', () => {});
    stream.write('some');
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 413, engine);
    stream.resume();
    await once(stream, 'close');
    assert.equal(
      (await ask(session, { ':path': '/', ':authority': 'odd' })).headers[':status'],
      204,
    );
  });

  each('what has no route, or must not be, is refused', async (session, engine) => {
    const status = async (headers: Record<string, string>) =>
      (await ask(session, { ':path': '/', ':authority': 'plain', ...headers })).headers[':status'];
    assert.equal(await status({ ':authority': 'nowhere' }), 404, engine);
    assert.equal(await status({ ':path': '/a#b' }), 400, engine);
    assert.equal(await status({}), 200, engine);
    // Envoy resets it.
    assert.equal(await status({ x_under: '1' }).catch(() => 400), 400, engine);
  });
});
