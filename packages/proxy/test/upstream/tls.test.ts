import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Certificate, certificate, freePort, tempDir, until } from '@meshkeeper/testbed';
import { type Cluster, duration, pack, UpstreamTlsContext } from '@meshkeeper/xds';
import type { UpstreamFailure } from '../../src/upstream/failure.ts';
import { coversName, peerNames } from '../../src/upstream/tls/peer-names.ts';
import { HTTP2 } from './http2-options.ts';
import { loopback, problemsOf, startCluster } from './test-cluster.ts';

const CONTEXT = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
const stack = new AsyncDisposableStack();
let folder: string;
let authority: Certificate;
let server: Certificate;
let client: Certificate;
/** Certificates of clients, by name, that servers have seen. */
const seen: { name: string | false; client: string | undefined }[] = [];

before(async () => {
  const made = stack.use(await tempDir('meshkeeper-proxy-'));
  folder = made.path;
  authority = await certificate(folder, 'authority');
  const signer = authority;
  [server, client] = await Promise.all([
    certificate(folder, 'server', { hosts: ['web.test'], signer }),
    certificate(folder, 'client', { hosts: ['client.test'], signer }),
  ]);
});

after(() => stack.disposeAsync());

const file = (filename: string) => ({ filename });

type Common = NonNullable<UpstreamTlsContext['commonTlsContext']>;
type Name = NonNullable<NonNullable<Common['validationContext']>['matchTypedSubjectAltNames']>[0];

/** A cluster that speaks TLS. */
function tls(
  {
    sni = '',
    authorityFile = authority.cert,
    names = [],
    own = client,
  }: {
    sni?: string;
    authorityFile?: string | undefined;
    names?: Name[];
    own?: Certificate | undefined;
  } = {},
  more: Cluster = {},
): Cluster {
  const commonTlsContext: Common = {
    tlsCertificates: own ? [{ certificateChain: file(own.cert), privateKey: file(own.key) }] : [],
    validationContext: authorityFile
      ? { trustedCa: file(authorityFile), matchTypedSubjectAltNames: names }
      : null,
  };
  const typedConfig = pack(CONTEXT, UpstreamTlsContext, { sni, commonTlsContext });
  return { transportSocket: { name: 'tls', typedConfig }, ...more };
}

/** A server of HTTPS; of HTTP/2 too. */
async function secure() {
  const options = {
    ...{ cert: await readFile(server.cert), key: await readFile(server.key) },
    ...{ ca: await readFile(authority.cert), requestCert: true, rejectUnauthorized: false },
  };
  const remember = (socket: TLSSocket) => {
    seen.push({
      name: socket.servername ?? false,
      client: String(socket.getPeerCertificate().subject?.CN),
    });
  };
  const http1 = createServer(options, (_, response) => response.end('secret'));
  const http2 = createSecureServer(options, (_, response) => response.end('secret 2'));
  for (const each of [http1, http2]) {
    each.on('secureConnection', remember);
    each.on('tlsClientError', () => {});
    each.listen(0, '127.0.0.1');
    await once(each, 'listening');
  }
  const port = (each: { address(): unknown }) => (each.address() as AddressInfo).port;
  return {
    ports: { http1: port(http1), http2: port(http2) },
    [Symbol.dispose]() {
      http1.closeAllConnections();
      http1.close();
      http2.close();
    },
  };
}

test('endpoints are asked over TLS: by a server name, with a certificate, and who they are', async () => {
  using web = await secure();
  await using plain = startCluster(tls({ sni: 'web.test' }), loopback([web.ports.http1]));
  assert.equal((await plain.ask()).body, 'secret');
  assert.deepEqual(seen.at(-1), { name: 'web.test', client: 'client' });
  await using two = startCluster(tls({}, HTTP2), loopback([web.ports.http2]));
  assert.equal((await two.ask()).body, 'secret 2');
  assert.deepEqual(seen.at(-1), { name: false, client: 'client' });
});

test('who nobody vouches for, or who has another name, is not connected to', async () => {
  using web = await secure();
  const name = (sanType: number, exact: string): Name => ({ sanType, matcher: { exact } });
  const at = loopback([web.ports.http1]);
  const outcome = async (message: Cluster) => {
    await using cluster = startCluster(message, at);
    const { body, failure } = await cluster.ask();
    await until(() => failure === undefined || cluster.cluster.connections === 0);
    return body || failure?.reason;
  };
  assert.equal(
    await outcome(tls({ names: [name(3, 'spiffe://x'), name(2, 'web.test')] })),
    'secret',
  );
  assert.equal(await outcome(tls({ names: [name(2, 'other.test')] })), 'connect');
  assert.equal(await outcome(tls({ names: [name(3, 'web.test')] })), 'connect', 'of another kind');
  assert.equal(await outcome(tls({ authorityFile: client.cert })), 'connect');
  assert.equal(await outcome(tls({ authorityFile: '' })), 'secret', 'nobody has to vouch');
  assert.equal(await outcome(tls({ authorityFile: join(folder, 'none.pem') })), 'connect');
  assert.equal(await outcome({}), 'reset', 'plain bytes for TLS');
});

test('a certificate that is renewed is shown from the next connection on', async () => {
  using web = await secure();
  const own = { cert: join(folder, 'own.pem'), key: join(folder, 'own-key.pem') };
  const put = async ({ cert, key }: Certificate) => {
    await copyFile(key, own.key);
    await copyFile(cert, own.cert);
  };
  await put(client);
  await using cluster = startCluster(tls({ own }), loopback([web.ports.http1]));
  const shown = async () => {
    cluster.endpoint(web.ports.http1).pool.drain();
    assert.equal((await cluster.ask()).body, 'secret');
    return seen.at(-1)!.client;
  };
  assert.equal(await shown(), 'client');
  const renewed = await certificate(folder, 'renewed', {
    hosts: ['client.test'],
    signer: authority,
  });
  await put(renewed);
  assert.equal(await shown(), 'renewed');
  await copyFile(join(folder, 'server-key.pem'), own.key);
  assert.equal(await shown(), 'renewed', 'half of a change is none');
});

test('checks and raw connections are as secret as requests', async () => {
  using web = await secure();
  const check = {
    ...{ timeout: duration(2000), interval: duration(10_000) },
    ...{ unhealthyThreshold: { value: 1 }, healthyThreshold: { value: 1 } },
  };
  const healthChecks = [
    { ...check, httpHealthCheck: { path: '/' } },
    { ...check, tcpHealthCheck: {} },
  ];
  await using cluster = startCluster(tls({}, { healthChecks }), loopback([web.ports.http1]));
  await until(() => cluster.events.length > 0);
  assert.deepEqual(cluster.events, [`passing ${web.ports.http1}`]);
  const { promise, resolve } = Promise.withResolvers<Socket | UpstreamFailure>();
  cluster.cluster.connect(cluster.cluster.pick()!, { connected: resolve, failed: resolve });
  const socket = await promise;
  assert('write' in socket);
  socket.write('GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
  socket.destroy();
});

test('a port where nobody listens is told as such', async () => {
  const port = await freePort();
  for (const more of [{}, HTTP2]) {
    await using cluster = startCluster(tls({}, more), loopback([port]));
    const { failure } = await cluster.ask();
    assert.equal(failure?.reason, 'connect');
    assert.match(failure.detail, /ECONNREFUSED/);
    await until(() => cluster.cluster.connections === 0);
  }
});

test('a cluster that becomes secret opens new connections', async () => {
  using web = await secure();
  await using cluster = startCluster({}, loopback([web.ports.http1]));
  assert((await cluster.ask()).failure);
  cluster.update({ cluster: tls() });
  assert.equal((await cluster.ask()).body, 'secret');
});

test('what TLS can’t do here is refused by its name', () => {
  const problems = (commonTlsContext: Common) =>
    problemsOf({
      transportSocket: {
        name: 'tls',
        typedConfig: pack(CONTEXT, UpstreamTlsContext, { commonTlsContext }),
      },
    });
  const two = [{ certificateChain: file('a'), privateKey: file('b') }];
  const cases: [string, RegExp][] = [
    [problems({ tlsCertificateSdsSecretConfigs: [{ name: 'x' }] }), /sds_secret_configs/],
    [problems({ validationContextSdsSecretConfig: { name: 'x' } }), /validation_context_sds/],
    [problems({ tlsCertificates: [...two, ...two] }), /tls_certificates: the embedded proxy shows/],
    [problems({ tlsCertificates: [{}] }), /certificate_chain: filename/],
    [
      problems({
        validationContext: { matchTypedSubjectAltNames: [{ sanType: 2, matcher: { exact: 'a' } }] },
      }),
      /trusted_ca: is required/,
    ],
    [problemsOf({ transportSocket: { name: 'x', typedConfig: { type_url: 'acme' } } }), /no acme/],
  ];
  for (const [text, expected] of cases) assert.match(text, expected);
});

test('names are read as they are written, whatever is in them', () => {
  assert.deepEqual(peerNames('DNS:a.test, URI:spiffe://td/a, IP Address:10.0.0.1'), [
    { kind: 'DNS', name: 'a.test' },
    { kind: 'URI', name: 'spiffe://td/a' },
    { kind: 'IP Address', name: '10.0.0.1' },
  ]);
  assert.deepEqual(peerNames('URI:"http://a/, DNS:good.test", DNS:bad.test'), [
    { kind: 'URI', name: 'http://a/, DNS:good.test' },
    { kind: 'DNS', name: 'bad.test' },
  ]);
  assert(coversName('*.a.test', 'x.A.test') && coversName('a.test', 'A.TEST'));
  assert(!coversName('*.a.test', 'a.test') && !coversName('*.a.test', 'x.y.a.test'));
});
