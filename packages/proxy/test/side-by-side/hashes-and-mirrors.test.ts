import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { skipWithout, until } from '@meshkeeper/testbed';
import { duration, type HashPolicy, LbPolicy, type Route } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import { httpChain, listener, rds, staticCluster } from '../stage.ts';
import { type Call, call, type Echo, echo, echoed } from './caller.ts';
import { bothEngines } from './engines.ts';

const HASHES: Readonly<Record<string, HashPolicy[]>> = {
  header: [{ header: { headerName: 'X-User' } }],
  rewritten: [
    {
      header: {
        headerName: 'x-user',
        regexRewrite: { pattern: { regex: '^(user)-.*$' }, substitution: '\\1' },
      },
    },
  ],
  query: [{ queryParameter: { name: 'user' } }],
  address: [{ connectionProperties: { sourceIp: true } }],
  cookie: [{ cookie: { name: 'user' } }],
  given: [{ cookie: { name: 'given', ttl: duration(90_000), path: '/given' } }],
  session: [{ cookie: { name: 'session', ttl: duration(0) } }],
  both: [{ header: { headerName: 'x-user' } }, { header: { headerName: 'x-other' } }],
  terminal: [
    { header: { headerName: 'x-user' }, terminal: true },
    { header: { headerName: 'x-other' } },
  ],
};
const USERS = Array.from({ length: 20 }, (_, i) => `user-${i}`);

describe('hashes and mirrors do on both data planes', { skip: skipWithout('envoy') }, () => {
  const copies: Echo[] = [];
  const engines = bothEngines(async (stage, stack) => {
    const ports: number[] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      ports.push(stack.use(await backend(echo(name))).port);
    }
    stage.put('cluster', staticCluster('ring', ports, { lbPolicy: LbPolicy.RING_HASH }));
    stage.put('cluster', staticCluster('main', ports.slice(0, 1)));
    const mirror = stack.use(
      await backend((incoming, response) => {
        let body = '';
        incoming.setEncoding('latin1').on('data', (piece: string) => {
          body += piece;
        });
        incoming.on('end', () => {
          const { method = '', url = '', headers } = incoming;
          // Several values are no matter here.
          copies.push({ at: 'mirror', method, url, headers: headers as Echo['headers'], body });
          response.writeHead(500).end('nobody reads this');
        });
      }),
    );
    stage.put('cluster', staticCluster('mirror', [mirror.port]));
    const hashed = Object.entries(HASHES).map(
      ([name, hashPolicy]): Route => ({
        match: { path: `/${name}` },
        route: { cluster: 'ring', hashPolicy },
      }),
    );
    const mirrored = {
      all: { cluster: 'mirror' },
      none: { cluster: 'mirror', runtimeFraction: { defaultValue: { numerator: 0 } } },
      'as-it-is': { cluster: 'mirror', disableShadowHostSuffixAppend: true },
      nowhere: { cluster: 'nowhere' },
    };
    const mirrors = Object.entries(mirrored).map(
      ([name, policy]): Route => ({
        match: { path: `/${name}` },
        route: { cluster: 'main', requestMirrorPolicies: [policy], prefixRewrite: `/new/${name}` },
        requestHeadersToAdd: [{ header: { key: 'x-added', value: 'yes' } }],
      }),
    );
    const virtualHosts = [
      { name: 'hash', domains: ['hash'], routes: hashed },
      { name: 'mirror', domains: ['mirror', 'mirror:*'], routes: mirrors },
    ];
    stage.put('route', { name: 'all', virtualHosts });
    stage.put('listener', listener('http', [httpChain({ rds: rds('all') })]));
  });

  /** Where each request went, by data plane; both have to agree. */
  const places = async (requests: readonly Call[]): Promise<(string | undefined)[]> => {
    const all: (string | undefined)[][] = [];
    for (const engine of engines) {
      const found: (string | undefined)[] = [];
      for (const request of requests) {
        found.push(echoed(await call(engine.port('http'), 'hash', request))?.at);
      }
      all.push(found);
    }
    assert.deepEqual(all[0], all[1], 'both data planes go to the same endpoints');
    return all[0]!;
  };

  test('the same header, parameter, cookie or address goes to the same endpoint', async () => {
    const kinds: Readonly<Record<string, (user: string) => Call>> = {
      header: (user) => ({ path: '/header', headers: { 'x-user': user } }),
      query: (user) => ({ path: `/query?a=b&user=${user}` }),
      cookie: (user) => ({ path: '/cookie', headers: { cookie: `a=b; user=${user}; c=d` } }),
    };
    for (const [kind, request] of Object.entries(kinds)) {
      const first = await places(USERS.map(request));
      assert(new Set(first).size > 2, `${kind} uses more than two endpoints`);
      assert.deepEqual(await places(USERS.map(request)), first, kind);
    }
    const user = (name: string) => ({ path: '/rewritten', headers: { 'x-user': name } });
    assert.equal(new Set(await places(USERS.map(user))).size, 1, 'all are the same when rewritten');
    assert(new Set(await places(USERS.map((name) => user(`x${name}`)))).size > 2);
    const once = await places(Array(5).fill({ path: '/address' }));
    assert.equal(new Set(once).size, 1);
  });

  test('several parts count together, or the first one alone', async () => {
    const by = (path: string, user: string, other: string): Call => {
      return { path, headers: { 'x-user': user, 'x-other': other } };
    };
    const both = await places(USERS.map((other) => by('/both', 'me', other)));
    assert(new Set(both).size > 2);
    const first = await places(USERS.map((other) => by('/terminal', 'me', other)));
    assert.equal(new Set(first).size, 1);
    const otherAlone = await places(
      USERS.map((other) => ({ path: '/terminal', headers: { 'x-other': other } })),
    );
    assert(new Set(otherAlone).size > 2);
  });

  test('a client without the cookie is given one, which leads back to the endpoint', async () => {
    for (const { name, port } of engines) {
      const send = (path: string, headers = {}) => call(port('http'), 'hash', { path, headers });
      const first = await send('/given');
      const [given = ''] = [first.headers['set-cookie']].flat();
      assert.match(given, /^given="[0-9a-f]{1,16}"; Max-Age=90; Path=\/given; HttpOnly$/, name);
      const cookie = given.slice(0, given.indexOf(';'));
      for (let i = 0; i < 5; i++) {
        const again = await send('/given', { cookie });
        assert.equal(echoed(again)?.at, echoed(first)?.at, name);
        assert.equal(again.headers['set-cookie'], undefined, name);
      }
      const [session = ''] = [(await send('/session')).headers['set-cookie']].flat();
      assert.match(session, /^session="[0-9a-f]{1,16}"; HttpOnly$/, name);
      assert.equal((await send('/cookie')).headers['set-cookie'], undefined, name);
    }
  });

  test('a copy goes to the mirror, whose answer is dropped', async () => {
    for (const { name, port } of engines) {
      copies.length = 0;
      const body = 'x'.repeat(200_000);
      const send = (request: Call, host = 'mirror') => call(port('http'), host, request);
      const answer = await send({ path: '/all', method: 'POST', body });
      assert.equal(answer.status, 200, name);
      assert.equal(echoed(answer)?.at, 'one', name);
      await until(() => copies.length === 1, { message: `${name} sends the copy` });
      const [copy] = copies as [Echo];
      assert.deepEqual([copy.method, copy.url, copy.body], ['POST', '/new/all', body], name);
      assert.equal(copy.headers['x-added'], 'yes', name);
      assert.equal(copy.headers.host, 'mirror-shadow', name);
      await send({ path: '/as-it-is' }, 'mirror:80');
      await send({ path: '/all' }, 'mirror:80');
      await until(() => copies.length === 3, { message: `${name} sends the copies` });
      const hosts = copies.slice(1).map(({ headers }) => headers.host);
      assert.deepEqual(hosts.sort(), ['mirror-shadow:80', 'mirror:80'], name);
      for (const path of ['/none', '/nowhere']) assert.equal((await send({ path })).status, 200);
      await send({ path: '/all' });
      await until(() => copies.length === 4, { message: `${name} sends one more` });
      assert.equal(copies[3]?.url, '/new/all', name);
    }
  });
});
