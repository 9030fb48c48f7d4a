import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import {
  type Certificate,
  certificate,
  freePort,
  skipWithout,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import { DownstreamTlsContext as Context, type DownstreamTlsContext, pack } from '@meshkeeper/xds';
import { backend, rawBackend } from '../fixture.ts';
import { httpChain, listener, staticCluster, tcpChain } from '../stage.ts';
import { type Answer, echo, echoed } from './caller.ts';
import { bothEngines } from './engines.ts';

const TLS = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';

/** TLS that ends at the listener. */
function tls(
  { cert, key }: Certificate,
  more: DownstreamTlsContext = {},
  protocols = ['h2', 'http/1.1'],
) {
  const context: DownstreamTlsContext = {
    ...more,
    commonTlsContext: {
      tlsCertificates: [{ certificateChain: { filename: cert }, privateKey: { filename: key } }],
      alpnProtocols: protocols,
      ...more.commonTlsContext,
    },
  };
  return { transportSocket: { name: 'tls', typedConfig: pack(TLS, Context, context) } };
}

/** All that a connection gives until it ends, or until there are so many characters. */
async function readAll(socket: Socket, length = Number.POSITIVE_INFINITY): Promise<string> {
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1');
  for await (const piece of socket) {
    text += piece;
    if (text.length >= length) break;
  }
  return text;
}

describe('connections do on both data planes', { skip: skipWithout('envoy') }, () => {
  let ca: Buffer;
  let client: Certificate;
  let stranger: Certificate;
  const last: string[] = [];
  const engines = bothEngines(async (stage, stack) => {
    const folder = stack.use(await tempDir('meshkeeper-proxy-'));
    const authority = await certificate(folder.path, 'authority');
    ca = await readFile(authority.cert);
    const signed = (name: string, host: string) =>
      certificate(folder.path, name, { hosts: [host], signer: authority });
    const [a, b, own, showed] = await Promise.all([
      signed('a', 'a.test'),
      signed('b', '*.b.test'),
      signed('own', 'own.test'),
      signed('client', 'client.test'),
    ]);
    client = showed;
    stranger = await certificate(folder.path, 'stranger', { hosts: ['client.test'] });
    const web = stack.use(await backend(echo('web')));
    const one = stack.use(await rawBackend((socket, text) => socket.write(`one ${text}`)));
    const greeting = stack.use(
      await rawBackend(
        () => {},
        (socket) => socket.write('hello'),
      ),
    );
    const secret = createServer({ cert: await readFile(own.cert), key: await readFile(own.key) });
    secret.on('secureConnection', (socket) => socket.end('end to end'));
    secret.listen(0, '127.0.0.1');
    await once(secret, 'listening');
    stack.defer(() => void secret.close());
    const address = secret.address();
    assert(typeof address === 'object' && address);

    // Answers when it has heard all, and says good-bye first where it is asked to.
    const patient = createTcpServer({ allowHalfOpen: true }, async (socket) => {
      let heard = '';
      for await (const piece of socket.setEncoding('latin1')) {
        heard += piece;
        if (heard === 'you first') socket.end('bye');
      }
      if (socket.writable) socket.end(`heard ${heard}`);
      else last.push(heard);
    });
    patient.listen(0, '127.0.0.1');
    await once(patient, 'listening');
    stack.defer(() => void patient.close());
    const halves = patient.address();
    assert(typeof halves === 'object' && halves);
    stage.put('cluster', staticCluster('patient', [halves.port]));
    stage.put('listener', listener('patient', [tcpChain({ cluster: 'patient' })]));

    stage.put('cluster', staticCluster('web', [web.port]));
    stage.put('cluster', staticCluster('one', [one.port]));
    stage.put('cluster', staticCluster('greeting', [greeting.port]));
    stage.put('cluster', staticCluster('secret', [address.port]));
    stage.put('cluster', staticCluster('half', [await freePort(), one.port]));
    stage.put('cluster', staticCluster('dead', [await freePort()]));
    const routes = [{ match: { prefix: '/' }, route: { cluster: 'web' } }];
    const http = (name: string) => ({
      routeConfig: {
        virtualHosts: [
          {
            name,
            domains: ['*'],
            routes,
            responseHeadersToAdd: [{ header: { key: 'x-chain', value: name } }],
          },
        ],
      },
      useRemoteAddress: { value: true },
    });
    const inspector = {
      name: 'tls',
      typedConfig: {
        type_url:
          'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
      },
    };
    stage.put(
      'listener',
      listener(
        'names',
        [
          httpChain(http('a'), {
            name: 'a',
            filterChainMatch: { serverNames: ['a.test'] },
            ...tls(a),
          }),
          httpChain(http('b'), {
            name: 'b',
            filterChainMatch: { serverNames: ['*.b.test', 'b.test'] },
            ...tls(b),
          }),
          tcpChain(
            { cluster: 'secret' },
            { name: 'secret', filterChainMatch: { serverNames: ['own.test'] } },
          ),
          httpChain(http('plain'), {
            name: 'plain',
            filterChainMatch: { transportProtocol: 'raw_buffer' },
          }),
        ],
        { listenerFilters: [inspector] },
      ),
    );
    const trustedCa = { filename: authority.cert };
    const mutual = {
      requireClientCertificate: { value: true },
      commonTlsContext: { validationContext: { trustedCa } },
    };
    stage.put('listener', listener('mutual', [httpChain(http('mutual'), tls(a, mutual))]));
    const optional = { commonTlsContext: { validationContext: { trustedCa } } };
    stage.put('listener', listener('optional', [httpChain(http('optional'), tls(a, optional))]));
    stage.put('listener', listener('tcp', [tcpChain({ cluster: 'one' })]));
    stage.put('listener', listener('tls-tcp', [tcpChain({ cluster: 'one' }, tls(a, {}, []))]));
    stage.put('listener', listener('greeting', [tcpChain({ cluster: 'greeting' })]));
    stage.put('listener', listener('dead', [tcpChain({ cluster: 'dead' })]));
    const half = { cluster: 'half', maxConnectAttempts: { value: 3 } };
    stage.put('listener', listener('half', [tcpChain(half)]));
    const clusters = [
      { name: 'one', weight: 1 },
      { name: 'one', weight: 5 },
    ];
    stage.put('listener', listener('shares', [tcpChain({ weightedClusters: { clusters } })]));
    stage.put(
      'listener',
      listener('idle', [tcpChain({ cluster: 'one', idleTimeout: { nanos: 300_000_000 } })]),
    );
  });

  const each = (
    name: string,
    body: (port: (listener: string) => number, engine: string) => Promise<void>,
  ) =>
    test(name, async () => {
      for (const engine of engines) await body((at) => engine.port(at), engine.name);
    });

  const get = (port: number, servername: string, more: object = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername, ca, agent: false, ...more };
      const sent = request({ ...options, headers: { host: servername } }, async (response) => {
        let body = '';
        for await (const piece of response.setEncoding('latin1')) body += piece;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
      sent.on('error', reject);
      sent.end();
    });

  each('the server name decides which chain, and which certificate', async (port, engine) => {
    for (const [host, chain] of [
      ['a.test', 'a'],
      ['A.test', 'a'],
      ['x.b.test', 'b'],
    ] as const) {
      const answer = await get(port('names'), host);
      assert.equal(answer.headers['x-chain'], chain, `${engine} ${host}`);
      assert.equal(echoed(answer)?.headers['x-forwarded-proto'], 'https', engine);
    }
    for (const host of ['c.test', 'x.a.test']) {
      await assert.rejects(get(port('names'), host, { rejectUnauthorized: false }), engine);
    }
    await assert.rejects(get(port('names'), '', { rejectUnauthorized: false }), engine);
  });

  each('without TLS there is a chain, too', async (port, engine) => {
    const socket = connectTcp(port('names'), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(await readAll(socket), /x-chain: plain/, engine);
  });

  each('TLS goes through to whoever ends it', async (port, engine) => {
    const socket = connect({ port: port('names'), host: '127.0.0.1', servername: 'own.test', ca });
    assert.equal(await readAll(socket), 'end to end', engine);
    assert.equal(socket.authorized, true, engine);
  });

  each('the protocol is agreed on', async (port, engine) => {
    const session = connectHttp2(`https://127.0.0.1:${port('names')}`, {
      servername: 'a.test',
      ca,
    });
    const stream = session.request({ ':path': '/', ':authority': 'a.test' });
    const [headers] = await once(stream, 'response');
    assert.equal(headers['x-chain'], 'a', engine);
    session.destroy();
    const one = connect({
      ...{ port: port('names'), host: '127.0.0.1', servername: 'a.test', ca },
      ALPNProtocols: ['http/1.1'],
    });
    one.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(await readAll(one), /^HTTP\/1\.1 200 /, engine);
    assert.equal(one.alpnProtocol, 'http/1.1', engine);
  });

  each('clients need a certificate, or may show one', async (port, engine) => {
    const show = async ({ cert, key }: Certificate) => ({
      cert: await readFile(cert),
      key: await readFile(key),
    });
    const [good, bad] = [await show(client), await show(stranger)];
    assert.equal((await get(port('mutual'), 'a.test', good)).status, 200, engine);
    await assert.rejects(get(port('mutual'), 'a.test'), engine);
    await assert.rejects(get(port('mutual'), 'a.test', bad), engine);
    assert.equal((await get(port('optional'), 'a.test', good)).status, 200, engine);
    assert.equal((await get(port('optional'), 'a.test')).status, 200, engine);
    await assert.rejects(get(port('optional'), 'a.test', bad), engine);
  });

  const say = async (socket: Socket | TLSSocket, text: string): Promise<string> => {
    socket.write(text);
    return readAll(socket, text.length + 4);
  };
  const tcp = (port: number) => connectTcp(port, '127.0.0.1');

  each('TCP is passed on, with TLS taken off where it ends', async (port, engine) => {
    assert.equal(await say(tcp(port('tcp')), 'ping'), 'one ping', engine);
    assert.equal(await say(tcp(port('shares')), 'ping'), 'one ping', engine);
    const secure = connect({ port: port('tls-tcp'), host: '127.0.0.1', servername: 'a.test', ca });
    assert.equal(await say(secure, 'ping'), 'one ping', engine);
    // Who speaks first may be the server.
    assert.equal(await readAll(tcp(port('greeting')), 5), 'hello', engine);
  });

  each(
    'TCP: another endpoint is tried, and in the end the client is let go',
    async (port, engine) => {
      for (let i = 0; i < 4; i++) {
        assert.equal(await say(tcp(port('half')), 'ping'), 'one ping', engine);
      }
      const socket = tcp(port('dead'));
      socket.on('error', () => {});
      await once(socket, 'close');
    },
  );

  each('TCP: silence ends a connection', async (port, engine) => {
    const socket = tcp(port('idle'));
    assert.equal(await readAll(socket), '', engine);
  });

  each('TCP: who has said all can still listen, on either side', async (port, engine) => {
    const half = () =>
      connectTcp({ port: port('patient'), host: '127.0.0.1', allowHalfOpen: true });
    const client = half();
    client.end('all of it');
    assert.equal(await readAll(client), 'heard all of it', engine);
    const other = half();
    other.write('you first');
    assert.equal(await readAll(other), 'bye', engine);
    last.length = 0;
    other.end(', then I');
    await until(() => last.length > 0, { message: `${engine} passes on what comes after` });
    assert.deepEqual(last, ['you first, then I'], engine);
  });
});
