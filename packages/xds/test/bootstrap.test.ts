import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ServerCredentials } from '@grpc/grpc-js';
import {
  type Certificate,
  certificate,
  component,
  freePort,
  skipWithout,
  startEnvoy,
  type TempDir,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import {
  type EnvoyBootstrapOptions,
  envoyBootstrap,
  grpcBootstrap,
  startXdsServer,
} from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const signal = AbortSignal.timeout(60_000);
const listen = { host: '127.0.0.1', port: 0 };
const locality = { region: 'eu', zone: 'eu-1', subzone: 'rack-7' };

describe('bootstraps', () => {
  let folder: TempDir;
  let authority: Certificate;
  let server: Certificate;
  let client: Certificate;

  before(async () => {
    folder = await tempDir();
    authority = await certificate(folder.path, 'ca');
    const signer = authority;
    const hosts = ['control.example', '127.0.0.1'];
    server = await certificate(folder.path, 'server', { hosts, signer });
    client = await certificate(folder.path, 'client', { hosts: ['envoy'], signer });
  });
  after(() => folder?.close());

  const validate = async (options: EnvoyBootstrapOptions) => {
    const envoy = component('envoy');
    assert.ok(envoy.ok);
    const file = join(folder.path, 'envoy.json');
    await writeFile(file, JSON.stringify(envoyBootstrap(options)));
    return promisify(execFile)(envoy.path, ['--mode', 'validate', '-c', file]);
  };
  const identity = () => ({ certificate: client.cert, key: client.key });

  test('a real Envoy finds all of them valid', { skip: skipWithout('envoy') }, async () => {
    const xds = { host: '127.0.0.1', port: 7071 };
    const node = { id: 'e', cluster: 'gateway' };
    const tls = { ca: authority.cert };
    const all: EnvoyBootstrapOptions[] = [
      { xds, node, admin: '127.0.0.1:0' },
      { xds: { host: '::1', port: 7071 }, node, apiType: 'GRPC', gateway: '127.0.0.1:8080' },
      { xds: { host: 'control.example', port: 7071 }, node: { ...node, locality }, tls },
      { xds, node, outbound: '127.0.0.1:15001', certificates: '/etc/certs' },
      { xds, node, tls: { ...tls, identity: identity(), serverName: 'control.example' } },
    ];
    for (const options of all) {
      const { stdout } = await validate(options);
      assert.match(stdout, /configuration .* OK/, JSON.stringify(options));
    }
    const missing = { ...tls, identity: { certificate: '/nowhere', key: '/nowhere' } };
    await assert.rejects(validate({ xds, node, tls: missing }), /nowhere/, 'it does read them');
  });

  test('beside a service that there is not Envoy starts all the same', {
    skip: skipWithout('envoy'),
  }, async () => {
    await using xds = await startXdsServer({ listen });
    xds.update(...new Catalog().put(service('shop', [1])));
    const outbound = `127.0.0.1:${await freePort()}`;
    const node = { id: 'e', cluster: 'unknown', locality };
    const config = envoyBootstrap({ xds: xds.address, node, outbound });
    await using _ = await startEnvoy({ config, waitFor: 'live', signal });
    await until(() => xds.proxies()[0]?.types.every(({ state }) => state === 'synced'));
  });

  test('Envoy says who and where it is, by TLS, to whom the CA vouches for', {
    skip: skipWithout('envoy'),
  }, async () => {
    const pair = { private_key: readFileSync(server.key), cert_chain: readFileSync(server.cert) };
    const credentials = ServerCredentials.createSsl(readFileSync(authority.cert), [pair], true);
    await using xds = await startXdsServer({ listen, credentials });
    xds.update(...new Catalog().put(service('shop', [1])));
    const start = async (
      id: string,
      tls: EnvoyBootstrapOptions['tls'],
      waitFor: 'live' | 'admin',
    ) =>
      startEnvoy({
        config: envoyBootstrap({
          ...{ xds: xds.address, node: { id, cluster: 'shop', locality } },
          gateway: `127.0.0.1:${await freePort()}`,
          ...(tls && { tls }),
        }),
        waitFor,
        signal,
      });
    await using _named = await start(
      'named',
      { ca: authority.cert, identity: identity(), serverName: 'control.example' },
      'live',
    );
    await using _addressed = await start(
      'addressed',
      { ca: authority.cert, identity: identity() },
      'live',
    );
    const seen = new Map(xds.proxies().map((proxy) => [proxy.id, proxy]));
    assert.deepEqual([...seen.keys()].sort(), ['addressed', 'named']);
    assert.deepEqual(seen.get('named')?.locality, locality);
    assert.equal(seen.get('named')?.variant, 'delta');

    const wrong = { ca: authority.cert, identity: identity(), serverName: 'other.example' };
    await using doubting = await start('doubting', wrong, 'admin');
    const failed = /^cluster\.meshkeeper\.ssl\.fail_verify_san: [1-9]/m;
    await until(async () => failed.test(await doubting.admin('/stats?filter=meshkeeper.ssl')), {
      signal,
    });
    assert.ok(xds.proxies().every(({ id }) => id !== 'doubting'));
  });

  test('a real gRPC client reads its own, and says who and where it is', async () => {
    await using xds = await startXdsServer({ listen });
    xds.update(...new Catalog().put(service('shop', [1], 'grpc')));
    for (const [id, where] of [
      ['checkout-1', locality],
      ['checkout-2', undefined],
    ] as const) {
      const node = { id, cluster: 'checkout', ...(where && { locality: where }) };
      const bootstrap = grpcBootstrap({ xds: xds.address, node });
      const child = fork(join(import.meta.dirname, 'grpc-client.ts'), ['xds:///shop'], {
        env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
      });
      try {
        await until(() => xds.proxies().some((proxy) => proxy.id === id), { signal });
      } finally {
        child.kill('SIGKILL');
      }
      const [proxy] = xds.proxies();
      assert.match(proxy?.userAgent ?? '', /^gRPC/);
      const nowhere = { region: '', zone: '', subzone: '' };
      assert.deepEqual([proxy?.cluster, proxy?.locality], ['checkout', where ?? nowhere]);
      await until(() => xds.proxies().length === 0, { signal });
    }
  });

  test('with TLS a gRPC client is never told to do without', () => {
    const node = { id: 'c', cluster: 'checkout', locality };
    const xds = { host: 'control.example', port: 7071 };
    const tls = { ca: '/ca.pem', identity: { certificate: '/c.pem', key: '/k.pem' } };
    assert.deepEqual(grpcBootstrap({ xds, node, tls }), {
      xds_servers: [
        {
          server_uri: 'control.example:7071',
          channel_creds: [
            {
              type: 'tls',
              config: {
                ca_certificate_file: '/ca.pem',
                certificate_file: '/c.pem',
                private_key_file: '/k.pem',
                refresh_interval: '60s',
              },
            },
          ],
          server_features: ['xds_v3', 'ignore_resource_deletion'],
        },
      ],
      node: {
        id: 'c',
        cluster: 'checkout',
        locality: { region: 'eu', zone: 'eu-1', sub_zone: 'rack-7' },
      },
    });
  });
});
