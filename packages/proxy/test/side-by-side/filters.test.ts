import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { describe, test } from 'node:test';
import { skipWithout } from '@meshkeeper/testbed';
import { Cors, pack } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { httpChain, listener, staticCluster } from '../stage.ts';
import { type Call, call, echo } from './caller.ts';
import { bothEngines } from './engines.ts';
import { fault, GRPC, HOSTS, limit, TYPES } from './scenarios/filter-hosts.ts';

describe('filters do on both data planes', { skip: skipWithout('envoy') }, () => {
  const engines = bothEngines(async (stage, stack) => {
    const small = stack.use(await backend(echo('a')));
    const big = stack.use(await backend((_, response) => response.end('x'.repeat(4096))));
    stage.put('cluster', staticCluster('a', [small.port]));
    stage.put('cluster', staticCluster('big', [big.port]));
    const httpFilters = [
      { name: 'cors', typedConfig: pack(`${TYPES}.cors.v3.Cors`, Cors, {}) },
      { name: 'fault', typedConfig: fault({}).fault! },
      { name: 'limit', typedConfig: limit({ filterEnabled: null, filterEnforced: null }).limit! },
    ];
    const routeConfig = { name: 'all', virtualHosts: HOSTS };
    stage.put('listener', listener('http', [httpChain({ routeConfig, httpFilters })]));
  });

  const each = (
    name: string,
    body: (
      send: (host: string, request: Call) => ReturnType<typeof call>,
      engine: string,
    ) => Promise<void>,
  ) =>
    test(name, async () => {
      for (const engine of engines) {
        await body((host, request) => call(engine.port('http'), host, request), engine.name);
      }
    });

  each('faults: aborts', async (send, engine) => {
    const aborted = await send('fault', { path: '/abort' });
    assert.equal(aborted.status, 418, engine);
    assert.equal(aborted.body, 'fault filter abort', engine);
    assert.equal(aborted.headers['x-route'], 'yes', engine);
    const grpc = await send('fault', { path: '/grpc', headers: GRPC });
    assert.equal(grpc.status, 200, engine);
    assert.equal(grpc.headers['grpc-status'], '7', engine);
    assert.equal(grpc.headers['grpc-message'], 'fault filter abort', engine);
    assert.equal((await send('fault', { path: '/grpc' })).status, 200, engine);
    const mapped = await send('fault', { path: '/abort', headers: GRPC });
    assert.equal(mapped.headers['grpc-status'], '2', engine);
    for (const path of ['/never', '/unsaid', '/header', '/none-active', '/']) {
      assert.equal((await send('fault', { path })).status, 200, `${engine} ${path}`);
    }
    const failed = await send('fault', { path: '/header', headers: { 'x-fail': '' } });
    assert.equal(failed.status, 418, engine);
  });

  each('faults: the innermost configuration goes', async (send, engine) => {
    assert.equal((await send('inherited', { path: '/' })).status, 418, engine);
    assert.equal((await send('inherited', { path: '/own' })).status, 419, engine);
    assert.equal((await send('inherited', { path: '/direct' })).status, 418, engine);
  });

  each('faults: delays, and slow responses', async (send, engine) => {
    const timed = async (request: Call) => {
      const began = performance.now();
      const answer = await send('fault', request);
      return { ...answer, took: performance.now() - began };
    };
    const late = await timed({ path: '/late', method: 'POST', body: 'hello' });
    assert(late.took >= 290, `${engine} took ${late.took}`);
    assert.match(late.body, /"body":"hello"/, engine);
    const both = await timed({ path: '/both' });
    assert(both.took >= 290, `${engine} took ${both.took}`);
    assert.equal(both.status, 418, engine);
    // Of two at once, one is let through: it does not wait for the other.
    const pair = [timed({ path: '/one-active' }), timed({ path: '/one-active' })];
    const first = await Promise.race(pair);
    const [one, two] = await Promise.all(pair);
    const other = first === one ? two : one;
    assert(other && other.took >= 1490, `${engine} holds one up`);
    assert(first.took < other.took / 2, `${engine} holds only one up`);
    // 4 KiB at 8 KiB a second.
    const slow = await timed({ path: '/slow' });
    assert(slow.took >= 350, `${engine} took ${slow.took}`);
    assert.equal(slow.body.length, 4096, engine);
  });

  each('limits: so many, then no more', async (send, engine) => {
    const statuses = async (path: string, count: number, headers: Call['headers'] = {}) => {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push((await send('limit', { path, headers })).status);
      return all;
    };
    assert.deepEqual(await statuses('/three', 5), [200, 200, 200, 429, 429], engine);
    const limited = await send('limit', { path: '/three' });
    assert.equal(limited.body, 'local_rate_limited', engine);
    assert.equal(limited.headers['x-limited'], 'yes', engine);
    assert.equal(limited.headers['x-route'], 'yes', engine);
    assert.deepEqual(await statuses('/status', 2), [200, 503], engine);
    assert.deepEqual(await statuses('/shadow', 3), [200, 200, 200], engine);
    assert.deepEqual(await statuses('/off', 3), [200, 200, 200], engine);
    assert.deepEqual(await statuses('/default-first', 3), [200, 200, 429], engine);
    assert.deepEqual(await statuses('/staged', 3), [200, 200, 200], engine);
    // Who is refused by the slowest costs the others nothing.
    assert.deepEqual(await statuses('/order', 2, { 'x-slow': '1' }), [200, 429], engine);
    assert.deepEqual(await statuses('/order', 3), [200, 200, 429], engine);
    assert.deepEqual(await statuses('/own-only', 4), [200, 200, 200, 429], engine);
  });

  each('limits: by what a request is', async (send, engine) => {
    const by = async (user: string) =>
      (await send('limit', { path: '/users', headers: { 'x-user': user } })).status;
    assert.deepEqual([await by('a'), await by('a')], [200, 429], engine);
    assert.deepEqual([await by('b'), await by('b'), await by('b')], [200, 200, 429], engine);
    assert.deepEqual([await by('c'), await by('c'), await by('c')], [200, 200, 200], engine);
    assert.equal((await send('limit', { path: '/users' })).status, 200, engine);
    const send2 = async (method: string) =>
      (await send('limit', { path: '/matched', method })).status;
    assert.deepEqual(
      [await send2('POST'), await send2('POST'), await send2('GET'), await send2('GET')],
      [200, 429, 200, 200],
      engine,
    );
    assert.equal(await send2('GET'), 429, engine);
  });

  each('limits: of each connection', async (_, engine) => {
    const { port } = engines.find(({ name }) => name === engine)!;
    const statuses = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const all: (number | undefined)[] = [];
      for (let i = 0; i < 3; i++) {
        const sent = request({
          ...{ host: '127.0.0.1', port: port('http'), path: '/connection', agent },
          headers: { host: 'limit' },
        });
        sent.end();
        const [response] = await once(sent, 'response');
        all.push(response.statusCode);
        for await (const _piece of response);
      }
      agent.destroy();
      return all;
    };
    assert.deepEqual(await statuses(), [200, 200, 429], engine);
    assert.deepEqual(await statuses(), [200, 200, 429], engine);
  });

  each('limits: what gRPC is told', async (send, engine) => {
    const grpcStatus = async (path: string) =>
      (await send('limit', { path, headers: GRPC })).headers['grpc-status'];
    await grpcStatus('/grpc');
    assert.equal(await grpcStatus('/grpc'), '14', engine);
    await grpcStatus('/exhausted');
    assert.equal(await grpcStatus('/exhausted'), '8', engine);
  });

  each('CORS: preflights are answered, responses say what is allowed', async (send, engine) => {
    const preflight = (path: string, origin: string) =>
      send('cors', {
        path,
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT' },
      });
    const good = await preflight('/', 'https://good.test');
    assert.equal(good.status, 200, engine);
    assert.equal(good.body, '', engine);
    const expected = {
      'access-control-allow-origin': 'https://good.test',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-one',
      'access-control-max-age': '60',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-from',
      'x-route': undefined,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(good.headers[name], value, `${engine} ${name}`);
    }
    // Others are left to the endpoint.
    assert.match((await preflight('/', 'https://bad.test')).body, /"method":"OPTIONS"/, engine);
    const any = await preflight('/any', 'https://bad.test');
    assert.equal(any.headers['access-control-allow-origin'], 'https://bad.test', engine);
    // What the route's own policy leaves empty is the host's.
    assert.equal(any.headers['access-control-max-age'], '60', engine);

    const from = (path: string, origin: string) => send('cors', { path, headers: { origin } });
    const allowed = await from('/', 'https://a.good.test');
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://a.good.test', engine);
    assert.equal(allowed.headers['access-control-expose-headers'], 'x-from', engine);
    assert.equal(allowed.headers['access-control-allow-credentials'], 'true', engine);
    assert.equal(allowed.headers['x-route'], 'yes', engine);
    const refused = await from('/', 'https://bad.test');
    assert.equal(refused.status, 200, engine);
    assert.equal(refused.headers['access-control-allow-origin'], undefined, engine);
    const direct = await from('/direct', 'https://good.test');
    assert.equal(direct.headers['access-control-allow-origin'], undefined, engine);
    await from('/limited', 'https://good.test');
    const limited = await from('/limited', 'https://good.test');
    assert.equal(limited.status, 429, engine);
    assert.equal(limited.headers['access-control-allow-origin'], 'https://good.test', engine);
  });
});
