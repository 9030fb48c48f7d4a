import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { freePort, skipWithout } from '@meshkeeper/testbed';
import { duration, type Route, type RouteAction } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { httpChain, listener, staticCluster } from '../stage.ts';
import { type Answer, type Call, call } from './caller.ts';
import { bothEngines } from './engines.ts';

/** What the endpoint does with the tries of a request, one after the other. */
type Plan = readonly ('reset' | 'hang' | 'body' | number)[];

/** What the endpoint has seen of requests, by their key. */
const seen = new Map<
  string,
  { readonly bodies: string[]; readonly headers: IncomingMessage['headers'][] }
>();

/** Follows the plan in `x-plan`; `x-key` tells requests from each other. */
async function planned(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = String(incoming.headers['x-key']);
  const known = seen.get(key) ?? { bodies: [], headers: [] };
  seen.set(key, known);
  let body = '';
  for await (const piece of incoming) body += piece;
  known.bodies.push(body);
  known.headers.push(incoming.headers);
  const plan: Plan = JSON.parse(String(incoming.headers['x-plan'] ?? '[200]'));
  const step = plan[known.bodies.length - 1] ?? plan.at(-1);
  const extra = incoming.headers['x-extra'];
  const fields = extra === undefined ? {} : Object.fromEntries([String(extra).split('=')]);
  if (step === 'reset') incoming.socket.destroy();
  else if (step === 'body') {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half');
  } else if (typeof step === 'number') {
    response.writeHead(step, fields).end(`${step} on try ${known.bodies.length}`);
  }
}

const PREVIOUS = {
  name: 'previous',
  typedConfig: {
    type_url:
      'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  },
};
const QUICK = { baseInterval: duration(1), maxInterval: duration(2) };

const retries = (retryOn: string, more: RouteAction['retryPolicy'] = {}): RouteAction => ({
  retryPolicy: { retryOn, numRetries: { value: 2 }, retryBackOff: QUICK, ...more },
});

const ACTIONS: Readonly<Record<string, RouteAction>> = {
  none: {},
  '5xx': retries('5xx'),
  gateway: retries('gateway-error'),
  '4xx': retries('retriable-4xx'),
  codes: retries('retriable-status-codes', { retriableStatusCodes: [418, 429] }),
  headers: retries('retriable-headers', {
    retriableHeaders: [{ name: 'x-again', stringMatch: { exact: 'yes' } }],
  }),
  reset: retries('reset'),
  connect: retries('connect-failure'),
  'two-conditions': retries('retriable-4xx,reset'),
  grpc: retries('unavailable,cancelled'),
  zero: retries('5xx', { numRetries: { value: 0 } }),
  'per-try': retries('5xx', { perTryTimeout: duration(250) }),
  'per-try-alone': retries('connect-failure', { perTryTimeout: duration(250) }),
  timeout: { timeout: duration(250) },
  'timeout-tries': { timeout: duration(400), ...retries('5xx', { perTryTimeout: duration(250) }) },
  duration: { timeout: duration(0), maxStreamDuration: { maxStreamDuration: duration(250) } },
  'grpc-timeout': {
    timeout: duration(0),
    maxStreamDuration: { grpcTimeoutHeaderMax: duration(300) },
  },
  idle: { timeout: duration(0), idleTimeout: duration(250) },
  half: {
    ...retries('connect-failure', {
      retryHostPredicate: [PREVIOUS],
      hostSelectionRetryMaxAttempts: 5,
    }),
    cluster: 'half',
  },
};

describe('tries do on both data planes', { skip: skipWithout('envoy') }, () => {
  const engines = bothEngines(async (stage, stack) => {
    const { port } = stack.use(await backend((...both) => void planned(...both)));
    stage.put('cluster', staticCluster('a', [port]));
    stage.put('cluster', staticCluster('half', [await freePort(), port]));
    const routes = Object.entries(ACTIONS).map(
      ([name, action]): Route => ({
        match: { path: `/${name}` },
        route: { cluster: 'a', ...action },
      }),
    );
    const virtualHosts = [
      { name: 'plain', domains: ['plain'], routes },
      {
        name: 'counted',
        domains: ['counted'],
        routes,
        includeRequestAttemptCount: true,
        includeAttemptCountInResponse: true,
      },
      {
        name: 'general',
        domains: ['general'],
        routes: [{ match: { prefix: '/' }, route: { cluster: 'a' } }],
        retryPolicy: { retryOn: '5xx', numRetries: { value: 1 }, retryBackOff: QUICK },
      },
      {
        name: 'small',
        domains: ['small'],
        perRequestBufferLimitBytes: { value: 1000 },
        routes: [{ match: { prefix: '/' }, route: { cluster: 'a', ...retries('5xx') } }],
      },
    ];
    stage.put('listener', listener('http', [httpChain({ routeConfig: { virtualHosts } })]));
  });

  let serial = 0;
  /** What came back, and how often the endpoint was asked. */
  const each = (
    name: string,
    body: (
      send: (
        path: string,
        plan: Plan,
        request?: Call & { readonly host?: string },
      ) => Promise<Answer & { readonly tries: number; readonly key: string }>,
      engine: string,
    ) => Promise<void>,
  ) =>
    test(name, async () => {
      for (const engine of engines) {
        await body(async (path, plan, { host = 'plain', headers, ...request } = {}) => {
          const key = String(++serial);
          const answer = await call(engine.port('http'), host, {
            path: `/${path}`,
            ...request,
            headers: { 'x-key': key, 'x-plan': JSON.stringify(plan), ...headers },
          });
          return { ...answer, tries: seen.get(key)?.bodies.length ?? 0, key };
        }, engine.name);
      }
    });

  /** [route, plan, status, tries] */
  const TABLE: readonly (readonly [string, Plan, number, number])[] = [
    ['none', [503, 200], 503, 1],
    ['5xx', [503, 500, 200], 200, 3],
    ['5xx', [503], 503, 3],
    ['5xx', [404, 200], 404, 1],
    ['5xx', ['reset', 200], 200, 2],
    ['gateway', [502, 504, 200], 200, 3],
    ['gateway', [500, 200], 500, 1],
    ['gateway', ['reset', 200], 200, 2],
    ['4xx', [409, 200], 200, 2],
    ['4xx', [404, 200], 404, 1],
    ['4xx', ['reset', 200], 503, 1],
    ['codes', [418, 429, 200], 200, 3],
    ['codes', [500, 200], 500, 1],
    ['reset', ['reset', 'reset', 200], 200, 3],
    ['reset', ['reset'], 503, 3],
    ['reset', [503, 200], 503, 1],
    ['connect', ['reset', 200], 503, 1],
    ['two-conditions', ['reset', 409, 200], 200, 3],
    ['zero', [503, 200], 503, 1],
    ['per-try', ['hang', 200], 200, 2],
    ['per-try', ['hang'], 504, 3],
    ['per-try-alone', ['hang', 200], 504, 1],
    ['timeout', ['hang', 200], 504, 1],
    ['timeout-tries', ['hang'], 504, 2],
    ['duration', ['hang'], 504, 1],
    ['idle', ['hang'], 504, 1],
  ];
  for (const [path, plan, status, tries] of TABLE) {
    each(`${path}, ${JSON.stringify(plan)}: ${status} after ${tries}`, async (send, engine) => {
      const answer = await send(path, plan, path === 'none' ? {} : { method: 'POST', body: 'b' });
      assert.deepEqual([answer.status, answer.tries], [status, tries], engine);
    });
  }

  each('a body is sent again as it was, unless it is too big to be kept', async (send, engine) => {
    const body = 'x'.repeat(100_000);
    const again = await send('5xx', [503, 200], { method: 'POST', body });
    assert.equal(again.status, 200, engine);
    assert.deepEqual(seen.get(again.key)?.bodies, [body, body], engine);
    const big = await send('', [503, 200], { host: 'small', method: 'POST', body });
    assert.deepEqual([big.status, big.tries], [503, 1], engine);
    const small = await send('', [503, 200], { host: 'small', method: 'POST', body: 'x' });
    assert.deepEqual([small.status, small.tries], [200, 2], engine);
  });

  each('the policy of a virtual host is for its routes', async (send, engine) => {
    const answer = await send('any', [503, 200], { host: 'general' });
    assert.deepEqual([answer.status, answer.tries], [200, 2], engine);
  });

  each('headers of a response say whether to try again', async (send, engine) => {
    const retried = (path: string, extra: string, plan: Plan = [200, 200, 200]) =>
      send(path, plan, { headers: { 'x-extra': extra } });
    assert.equal((await retried('headers', 'x-again=yes')).tries, 3, engine);
    assert.equal((await retried('headers', 'x-again=no')).tries, 1, engine);
    assert.equal((await retried('grpc', 'grpc-status=14')).tries, 3, engine);
    assert.equal((await retried('grpc', 'grpc-status=1')).tries, 3, engine);
    assert.equal((await retried('grpc', 'grpc-status=13')).tries, 1, engine);
    assert.equal((await retried('5xx', 'x-envoy-ratelimited=true', [503, 200])).tries, 1, engine);
  });

  each('the endpoint and the client are told which try it is', async (send, engine) => {
    const answer = await send('5xx', [503, 200], { host: 'counted' });
    const counts = seen.get(answer.key)?.headers.map((each) => each['x-envoy-attempt-count']);
    assert.deepEqual(counts, ['1', '2'], engine);
    assert.equal(answer.headers['x-envoy-attempt-count'], '2', engine);
    const plain = await send('5xx', [200]);
    assert.equal(plain.headers['x-envoy-attempt-count'], undefined, engine);
  });

  each('an endpoint that can’t be reached costs no request', async (send, engine) => {
    for (let i = 0; i < 6; i++) {
      const answer = await send('half', [200], { method: 'POST', body: 'b' });
      assert.equal(answer.status, 200, engine);
    }
  });

  each('gRPC’s own timeout counts, up to a limit', async (send, engine) => {
    const headers = { 'content-type': 'application/grpc', 'grpc-timeout': '200m' };
    const late = await send('grpc-timeout', ['hang'], { headers });
    assert.equal(late.status, 200, engine);
    assert.equal(late.headers['grpc-status'], '4', engine);
    const longer = { ...headers, 'grpc-timeout': '1H' };
    const capped = await send('grpc-timeout', ['hang'], { headers: longer });
    assert.equal(capped.headers['grpc-status'], '4', engine);
    const timeout = await send('timeout', ['hang'], { headers });
    assert.equal(timeout.headers['grpc-status'], '14', engine);
  });

  each('a response that does not end in time breaks off', async (send, engine) => {
    for (const path of ['timeout', 'duration', 'idle']) {
      await assert.rejects(send(path, ['body']), `${engine} ${path}`);
    }
  });
});
