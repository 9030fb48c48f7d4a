import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { describe, test } from 'node:test';
import { freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import { envoyBootstrap, startXdsServer } from '../src/index.ts';
import { Catalog, service } from './fixture.ts';

const signal = AbortSignal.timeout(60_000);

async function backend<S extends Server>(server: S): Promise<S & { port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(server, { port });
}

/** Status and body of a GET through Envoy with that `Host`. */
function fetchVia(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/', headers: { host }, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`)).on('error', reject);
    }).on('error', reject);
  });
}

describe('a real Envoy', { skip: skipWithout('envoy') }, () => {
  for (const apiType of ['DELTA_GRPC', 'GRPC'] as const) {
    test(`${apiType}: gets all, rejects nothing, routes, follows an endpoint change`, async () => {
      const nacks: string[] = [];
      const observer = {
        nacked: ({ typeUrl, message }: { typeUrl: string; message: string }) =>
          nacks.push(`${typeUrl}: ${message}`),
      };
      const listen = { host: '127.0.0.1', port: 0 };
      await using server = await startXdsServer({ listen, observer }, { signal });
      const one = await backend(createServer((_request, response) => response.end('one')));
      const two = await backend(createServer((_request, response) => response.end('two')));
      const http2 = await backend(createHttp2Server((_request, response) => response.end('h2')));
      try {
        const catalog = new Catalog();
        server.update(
          ...catalog.put(
            service('Shop:1.0', [one.port]),
            service('rpc', [one.port], 'grpc'),
            service('tcp', [one.port], 'tcp'),
            service('empty', []),
          ),
        );
        const gateway = `127.0.0.1:${await freePort()}`;
        const outbound = `127.0.0.1:${await freePort()}`;
        const node = { id: 'envoy-1', cluster: 'test', locality: { zone: 'a' } };
        const config = envoyBootstrap({ xds: server.address, node, gateway, outbound, apiType });
        await using envoy = await startEnvoy({ config, signal });
        const ports = await envoy.listenerPorts();
        const port = ports.gateway ?? 0;
        assert.equal(await fetchVia(port, 'shop-1.0.mesh'), '200 one');
        assert.equal(await fetchVia(port, 'Shop:1.0'), '200 one');
        assert.equal(await fetchVia(ports.outbound ?? 0, `shop-1.0.mesh:${port}`), '200 one');
        assert.match(await fetchVia(port, 'empty'), /^503 /);
        assert.match(await fetchVia(port, 'nobody'), /^404 /);

        server.update(...catalog.put(service('Shop:1.0', [two.port])));
        await until(async () => (await fetchVia(port, 'shop-1.0.mesh')) === '200 two', { signal });
        server.update(...catalog.put(service('late', [two.port])));
        await until(async () => (await fetchVia(port, 'late')) === '200 two', { signal });
        // A changed cluster warms anew, for which Envoy wants its unchanged endpoints again.
        server.update(...catalog.put(service('turn', [http2.port])));
        await until(async () => (await fetchVia(port, 'turn')).startsWith('50'), { signal });
        server.update(...catalog.put(service('turn', [http2.port], 'http2')));
        await until(async () => (await fetchVia(port, 'turn')) === '200 h2', { signal });
        server.update(...catalog.set({ late: undefined }));
        await until(async () => (await fetchVia(port, 'late')).startsWith('404'), { signal });
        assert.equal(await fetchVia(port, 'shop-1.0.mesh'), '200 two');

        await until(() => server.proxies()[0]?.types.every(({ state }) => state === 'synced'), {
          signal,
        });
        assert.deepEqual(nacks, []);
        const [proxy] = server.proxies();
        assert.equal(proxy?.userAgent, 'envoy');
        assert.match(proxy?.userAgentVersion ?? '', /^1\.\d+\.\d+$/);
        const clusters = await envoy.admin('/clusters');
        assert.ok(!clusters.includes('late::'), 'the removed cluster is gone');
      } finally {
        one.close();
        two.close();
        http2.close();
      }
    });
  }

  test('an instance that was killed but is still registered costs no request, and is ejected', async () => {
    const listen = { host: '127.0.0.1', port: 0 };
    await using server = await startXdsServer({ listen }, { signal });
    const alive = await backend(createServer((_request, response) => response.end('alive')));
    try {
      const dead = await freePort();
      server.update(...new Catalog().put(service('shop', [alive.port, dead])));
      const config = envoyBootstrap({
        xds: server.address,
        node: { id: 'envoy-1', cluster: 'test' },
        gateway: `127.0.0.1:${await freePort()}`,
      });
      await using envoy = await startEnvoy({ config, signal });
      const { gateway = 0 } = await envoy.listenerPorts();
      for (let i = 0; i < 20; i++) assert.equal(await fetchVia(gateway, 'shop'), '200 alive');
      const stats = '/stats?filter=shop.outlier_detection.ejections_active';
      await until(async () => (await envoy.admin(stats)).includes('ejections_active: 1'), {
        signal,
      });
    } finally {
      alive.close();
    }
  });
});
