import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { diff, EMPTY_SNAPSHOT, type Service } from '@meshkeeper/mesh';
import { freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import {
  envoyBootstrap,
  type LoadReport,
  type RequestCounts,
  startXdsServer,
  type XdsServer,
} from '@meshkeeper/xds';
import { request } from 'undici';
import { startProxy } from '../src/index.ts';
import { type Backend, backend, endpoint } from './fixture.ts';

const listen = { host: '127.0.0.1', port: 0 };
/** Enough for three reports of Envoy's, which keeps its own time. */
const INTERVAL = 200;
const LOCALITY = { region: 'eu', zone: 'eu-1', subzone: '' };

describe('load reports', () => {
  const told: LoadReport[] = [];
  const stack = new AsyncDisposableStack();
  let server: XdsServer;
  let web: Backend;
  let finish = Promise.withResolvers<void>();

  before(async () => {
    const observer = { loadReported: (each: readonly LoadReport[]) => void told.push(...each) };
    server = stack.use(await startXdsServer({ listen, observer, loadReportInterval: INTERVAL }));
    web = stack.use(
      await backend(async ({ url }, response) => {
        if (url === '/slow') await finish.promise;
        response.statusCode = url === '/bad' ? 500 : url === '/none' ? 404 : 200;
        response.end('ok');
      }),
    );
    const services: Service[] = [
      {
        name: 'web',
        protocol: 'http',
        endpoints: [endpoint(web.port, { locality: LOCALITY }), endpoint(await freePort())],
      },
      { name: 'idle', protocol: 'http', endpoints: [endpoint(web.port)] },
    ];
    const all = new Map(services.map((each) => [each.name, each]));
    const snapshot = {
      ...EMPTY_SNAPSHOT,
      revision: 1,
      services: EMPTY_SNAPSHOT.services.with(all),
    };
    server.update(snapshot, diff(EMPTY_SNAPSHOT, snapshot));
  });
  after(() => stack.disposeAsync());

  const reportsOf = (proxy: string) => told.filter((each) => each.proxy === proxy);
  /** What a data plane has said so far of the endpoint that answers. */
  const counted = (proxy: string): RequestCounts => {
    const places = reportsOf(proxy).flatMap(({ localities }) => localities);
    const mine = places.flatMap(({ endpoints }) => endpoints).filter((e) => e.port === web.port);
    const sum = (key: 'issued' | 'succeeded' | 'failed') =>
      mine.reduce((total, each) => total + each[key], 0);
    const { inProgress = 0 } = mine.at(-1) ?? {};
    return {
      ...{ issued: sum('issued'), succeeded: sum('succeeded'), failed: sum('failed') },
      inProgress,
    };
  };
  const counts = (issued: number, succeeded: number, failed: number, inProgress: number) => {
    return { issued, succeeded, failed, inProgress };
  };

  /** The same is sent through each, and the same is to be reported. */
  const reports = async (id: string, url: string) => {
    const send = async (path: string) =>
      (await request(`${url}${path}`, { headers: { host: 'web' } })).body.text();
    // The first report begins a count.
    await until(() => reportsOf(id).length > 0);
    const answered = () => counted(id).succeeded + counted(id).failed;
    // Some go to an endpoint that is not there, and are tried again elsewhere.
    for (const path of ['/', '/', '/none', '/bad', '/', '/bad']) await send(path);
    await until(() => answered() === 6);
    assert.deepEqual(counted(id), counts(6, 4, 2, 0));
    finish = Promise.withResolvers();
    const slow = send('/slow');
    await until(() => counted(id).inProgress === 1);
    assert.deepEqual(counted(id), counts(7, 4, 2, 1));
    finish.resolve();
    await slow;
    await until(() => answered() === 7);
    assert.deepEqual(counted(id), counts(7, 5, 2, 0));
    const [place] = reportsOf(id).flatMap(({ localities }) =>
      localities.filter(({ endpoints }) => endpoints.some(({ port }) => port === web.port)),
    );
    assert.deepEqual([place?.locality, place?.priority], [LOCALITY, 0]);
    const idle = reportsOf(id).filter(({ cluster }) => cluster === 'idle');
    assert.ok(idle.length > 0 && idle.every(({ localities }) => localities.length === 0));
    assert.ok(reportsOf(id).every(({ interval }) => interval > 0));
  };

  test('a real Envoy says what it sent to whom', { skip: skipWithout('envoy') }, async () => {
    const gateway = `127.0.0.1:${await freePort()}`;
    const node = { id: 'envoy', cluster: 'test' };
    const config = envoyBootstrap({ xds: server.address, node, gateway });
    await using _envoy = await startEnvoy({ config });
    await reports('envoy', `http://${gateway}`);
  });

  test('so does the embedded proxy', async () => {
    await using proxy = await startProxy({
      xds: { address: server.address },
      node: { id: 'embedded', cluster: 'test' },
      listeners: { gateway: listen },
    });
    await reports('embedded', `http://127.0.0.1:${proxy.listeners.get('gateway')?.port}`);
  });
});
