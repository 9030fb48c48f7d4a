import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { certificate, tempDir, until } from '@meshkeeper/testbed';
import {
  DownstreamTlsContext,
  duration,
  LocalRateLimit,
  pack,
  type VirtualHost,
} from '@meshkeeper/xds';
import { startProxy } from '../../src/index.ts';
import { backend, raw } from '../fixture.ts';
import { call } from '../side-by-side/caller.ts';
import {
  httpChain,
  listener,
  rds,
  startEmbedded,
  startStage,
  staticCluster,
  tcpChain,
} from '../stage.ts';
import { judged, manager, stageWith, to } from './stage-with.ts';

const TLS = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';

test('a certificate that changes on disk is shown to new clients; a bad one is told, and not shown', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir('meshkeeper-proxy-'));
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => certificate(folder.path, name, { hosts: ['a.test'] })),
  );
  const shown = { cert: join(folder.path, 'tls.crt'), key: join(folder.path, 'tls.key') };
  const context = {
    commonTlsContext: {
      tlsCertificates: [
        { certificateChain: { filename: shown.cert }, privateKey: { filename: shown.key } },
      ],
    },
  };
  const web = stack.use(await backend((_, response) => response.end('ok')));
  const stage = stack.use(await startStage());
  stage.put('cluster', staticCluster('web', [web.port]));
  const tls = {
    transportSocket: { name: 'tls', typedConfig: pack(TLS, DownstreamTlsContext, context) },
  };
  stage.put('listener', listener('tls', [tcpChain({ cluster: 'web' }, tls)]));
  const failures: string[] = [];
  const proxy = stack.use(
    await startProxy({
      xds: { address: { host: '127.0.0.1', port: stage.port } },
      node: { id: 'tls', cluster: 'test' },
      observer: {
        certificateFailed: ({ listener, detail }) => failures.push(`${listener} ${detail}`),
      },
    }),
  );
  const port = proxy.listeners.get('tls')?.port ?? 0;
  const subject = async (): Promise<string | undefined> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    try {
      await once(socket, 'secureConnect');
      return String(socket.getPeerCertificate().subject.CN);
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  };
  assert.equal(await subject(), undefined, 'there is none yet');
  assert.match(failures[0] ?? '', /^tls ENOENT.*tls\.crt/);
  const show = async ({ cert, key }: { cert: string; key: string }) => {
    await copyFile(cert, shown.cert);
    await copyFile(key, shown.key);
  };
  await show(first!);
  await until(async () => (await subject()) === 'first', { message: 'the first one is shown' });
  const told = failures.length;
  await show({ cert: second!.cert, key: first!.key });
  await until(() => failures.length > told, { message: 'a key of another certificate is told' });
  assert.equal(await subject(), 'first');
  await show(second!);
  await until(async () => (await subject()) === 'second', { message: 'the second one is shown' });
});

test('connections go on when routes and filters of their listener change', async () => {
  await using stack = new AsyncDisposableStack();
  const { stage, port } = await stageWith(manager(), stack);
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  const ask = async () => {
    socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await once(socket, 'data');
    return answer as string;
  };
  assert.match(await ask(), /^HTTP\/1\.1 200 /);
  const virtualHosts = [
    { ...to('web'), routes: [{ match: { prefix: '/' }, directResponse: { status: 410 } }] },
  ];
  await judged(stage, () =>
    stage.put(
      'listener',
      listener('http', [httpChain(manager({ routeConfig: { virtualHosts } }))]),
    ),
  );
  const gone = await ask();
  assert.match(gone, /^HTTP\/1\.1 410 /);
  assert.doesNotMatch(gone, /connection: close/i);
  // How the connection itself is spoken to can't change under it.
  await judged(stage, () =>
    stage.put(
      'listener',
      listener('http', [httpChain(manager({ maxRequestHeadersKb: { value: 8 } }))]),
    ),
  );
  if (!socket.closed) await once(socket, 'close');
  const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`;
  assert.match(await raw(port, head), /^HTTP\/1\.1 431 /);
});

test('what is left of a limit holds when the routes change and it does not', async () => {
  await using stack = new AsyncDisposableStack();
  const name = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
  const on = { defaultValue: { numerator: 100 } };
  const limit = (maxTokens: number) => ({
    limit: pack(name, LocalRateLimit, {
      statPrefix: 'x',
      tokenBucket: { maxTokens, fillInterval: duration(86_400_000) },
      filterEnabled: on,
      filterEnforced: on,
    }),
  });
  const httpFilters = [
    { name: 'limit', typedConfig: pack(name, LocalRateLimit, { statPrefix: 'x' }) },
  ];
  const routes = (maxTokens: number, ...more: VirtualHost[]) => ({
    name: 'all',
    virtualHosts: [...more, { ...to('web'), typedPerFilterConfig: limit(maxTokens) }],
  });
  const stage = stack.use(await startStage());
  const web = stack.use(await backend((_, response) => response.end('ok')));
  stage.put('cluster', staticCluster('web', [web.port]));
  stage.put('route', routes(2));
  stage.put('listener', listener('http', [httpChain({ rds: rds('all'), httpFilters })]));
  const engine = stack.use(await startEmbedded(stage));
  const status = async () => (await call(engine.port('http'), 'a')).status;
  assert.deepEqual([await status(), await status(), await status()], [200, 200, 429]);
  const other = { name: 'other', domains: ['other'], routes: [] };
  await judged(stage, () => stage.put('route', routes(2, other)));
  assert.equal(await status(), 429, 'another host is no reason to begin anew');
  await judged(stage, () => stage.put('route', routes(3, other)));
  assert.equal(await status(), 200, 'another limit is');
});

test('what the parser refuses is told with its field, and what was there before goes on', async () => {
  await using stack = new AsyncDisposableStack();
  const { stage, port } = await stageWith(manager(), stack);
  const unknown = {
    name: 'lua',
    typedConfig: { type_url: 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua' },
  };
  const chains = {
    'filter_chains[0].filters[0].typed_config.http_filters[0]: the embedded proxy has no type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua':
      httpChain(manager({ httpFilters: [unknown] })),
    'filter_chains[0].filter_chain_match.destination_port: the embedded proxy does not support it':
      httpChain(manager(), { filterChainMatch: { destinationPort: { value: 1 } } }),
    'filter_chains[0].transport_socket.typed_config: the embedded proxy has no type.googleapis.com/x':
      httpChain(manager(), {
        transportSocket: { name: 'x', typedConfig: { type_url: 'type.googleapis.com/x' } },
      }),
    'filter_chains[0].filters[0].typed_config.http2_protocol_options.allow_connect: the embedded proxy does not support it':
      httpChain(manager({ http2ProtocolOptions: { allowConnect: true } })),
  };
  for (const [problem, chain] of Object.entries(chains)) {
    stage.nacks.length = 0;
    await judged(stage, () => stage.put('listener', listener('http', [chain])));
    assert.deepEqual(stage.nacks, [`http: ${problem}`]);
    assert.equal((await call(port, 'a')).status, 200);
  }
  stage.nacks.length = 0;
  const optional = httpChain(manager({ httpFilters: [{ ...unknown, isOptional: true }] }));
  await judged(stage, () => stage.put('listener', listener('http', [optional])));
  assert.deepEqual(stage.nacks, []);
});
