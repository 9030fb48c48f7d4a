import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Plane, Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import { type Received, TcpInstance } from './instance.ts';
import { sendAll } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const OFTEN = 'interval: 50ms, timeout: 500ms, unhealthyThreshold: 1, healthyThreshold: 1';
type Service = ReturnType<Fleet['service']>;

/** Sends until only these take requests. */
async function taken(plane: Plane, service: Service, names: readonly string[]): Promise<void> {
  await until(
    async () => {
      const takers = [...new Set(await sendAll(plane, service, 8))].sort();
      assert.deepEqual(takers, [...names].sort());
      return true;
    },
    { timeout: 10_000, message: `${plane.kind} sends to ${names.join()} of ${service.name}` },
  );
}

describe('endpoints are checked', () => {
  const stand = new Stand();
  const web = new Fleet('http', 3);
  const calls = new Fleet('grpc', 2);
  const greeting = new TcpInstance('greeting', (bytes) => `well, ${bytes.toString()}: ok\n`);
  before(() => greeting.start());
  after(() => greeting[Symbol.asyncDispose]());
  const check = (name: string, ...checks: readonly string[]) =>
    servicePolicy(name, `healthChecks: [${checks.map((each) => `{ ${each} }`).join(', ')}]`);
  const isCheck = ({ headers }: Received) => headers['x-check'] !== undefined;

  test('by HTTP: path, method, host, headers, and which statuses are good', async () => {
    const policies = check(
      'http',
      `type: http, path: "/fit?deep=1", method: HEAD, host: check.me, headers: [{ name: x-check, value: "1" }, { name: x-more, value: "%50" }], expectedStatuses: [{ from: 200, to: 201 }, { from: 404, to: 404 }], ${OFTEN}`,
    );
    const service = web.service('http');
    const [good, bad, late] = web.instances;
    const seen: Received[] = [];
    good!.answer = (asked) => {
      if (isCheck(asked)) seen.push(asked);
      return isCheck(asked) ? { status: 404 } : {};
    };
    bad!.answer = (asked) => (isCheck(asked) ? { status: 202 } : {});
    late!.answer = (asked) => (isCheck(asked) ? new Promise(() => {}) : {});
    await stand.set(policies, service);
    for (const plane of stand.proxies) await taken(plane, service, [good!.name]);
    for (const { path, method, headers } of seen) {
      assert.deepEqual([path, method], ['/fit?deep=1', 'HEAD']);
      assert.deepEqual([headers.host, headers['x-more']], ['check.me', '%50']);
    }
    assert(seen.length >= 2);
    assert.deepEqual(notDone(policies, 'grpc'), [field('healthChecks')]);
  });

  test('so many failures in a row, and so many successes', async () => {
    const policies = check(
      'rows',
      `type: http, headers: [{ name: x-check, value: "1" }], interval: 50ms, timeout: 500ms, unhealthyThreshold: 3, healthyThreshold: 4`,
    );
    const service = web.service('rows');
    await stand.set(policies, service);
    // One after the other: each has checks of its own.
    for (const kind of ['envoy', 'embedded'] as const) {
      const plane = stand.proxies.find((each) => each.kind === kind)!;
      for (const one of web.instances) one.answer = () => ({});
      await taken(plane, service, web.names);
      const [first] = web.instances;
      let fit = 0;
      let ill = 0;
      let phase: 'ill' | 'fit' = 'ill';
      first!.answer = (asked) => {
        if (!isCheck(asked)) return {};
        if (phase === 'fit') fit++;
        else ill++;
        return phase === 'fit' ? {} : { status: 503 };
      };
      await taken(plane, service, web.names.slice(1));
      assert(ill >= 3, `${kind}: out after ${ill}`);
      phase = 'fit';
      await taken(plane, service, web.names);
      assert(fit >= 4, `${kind}: in after ${fit}`);
    }
  });

  test('at a port of their own', async () => {
    const [first, second] = web.instances;
    const policies = `${check('port', `type: http, path: /at, port: ${first!.port}, ${OFTEN}`)}
  panicThreshold: 0`;
    const service = web.service('port', (at) => (at === 1 ? {} : undefined));
    let status = 503;
    first!.answer = ({ path }) => ({ status: path === '/at' ? status : 500 });
    await stand.set(policies, service);
    for (const plane of stand.proxies) await taken(plane, service, ['503']);
    status = 200;
    for (const plane of stand.proxies) await taken(plane, service, [second!.name]);
    status = 503;
    const mixed = `${check('mixed', `type: tcp, ${OFTEN}`, `type: http, path: /at, port: ${first!.port}, ${OFTEN}`)}
  panicThreshold: 0`;
    const other = web.service('mixed', (at) => (at === 1 ? {} : undefined));
    await stand.set(mixed, other);
    for (const plane of stand.proxies) {
      const own = notDone(mixed, plane.kind).includes(field('healthChecks.1.port'));
      assert.equal(own, plane.kind === 'envoy');
      await taken(plane, other, [own ? second!.name : '503']);
    }
  });

  test('by TCP: a connection, what is said, what comes back', async () => {
    const hex = (text: string) => Buffer.from(text).toString('hex');
    const said = (name: string, back: string) =>
      check(
        name,
        `type: tcp, send: "${hex('hello')}", receive: "${hex(back)}", port: ${greeting.port}, ${OFTEN}`,
      );
    const policies = [
      `${check('connects', `type: tcp, ${OFTEN}`)}\n  retries: { attempts: 0 }`,
      said('says', 'hello: ok').replace('name: a ', 'name: b '),
      said('wrong', 'no such thing').replace('name: a ', 'name: c '),
    ]
      .map((each) => `${each}\n  panicThreshold: 0`)
      .join('');
    const [connects, says, wrong] = ['connects', 'says', 'wrong'].map((name) => web.service(name));
    await stand.set(policies, connects!, says!, wrong!);
    await web.instances[0]!.stop();
    for (const plane of stand.proxies) {
      await taken(plane, connects!, web.names.slice(1));
      await taken(plane, says!, web.names.slice(1));
      await taken(plane, wrong!, ['503']);
    }
  });

  test('by gRPC: of a service, with a name', async () => {
    const policies = check('rpc', `type: grpc, service: shop, authority: check.me, ${OFTEN}`);
    const service = calls.service('rpc');
    const [good, bad] = calls.instances;
    const seen: Received[] = [];
    good!.answer = (asked) => {
      if (asked.path !== HEALTH) return {};
      seen.push(asked);
      return { message: SERVING };
    };
    bad!.answer = ({ path }) => (path === HEALTH ? { message: NOT_SERVING } : {});
    await stand.set(policies, service);
    for (const plane of stand.proxies) await taken(plane, service, [good!.name]);
    for (const { headers } of seen) assert.equal(headers[':authority'], 'check.me');
    assert(seen.length >= 2);
  });

  test('several at once: all of them have to succeed', async () => {
    const policies = check(
      'both',
      `type: http, path: /one, ${OFTEN}`,
      `type: http, path: /two, ${OFTEN}`,
      `type: tcp, ${OFTEN}`,
    );
    const service = web.service('both');
    const [first, second] = web.instances;
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      for (const one of web.instances) one.answer = () => ({});
      await taken(plane, service, web.names);
      first!.answer = ({ path }) => ({ status: path === '/one' ? 500 : 200 });
      second!.answer = ({ path }) => ({ status: path === '/two' ? 500 : 200 });
      await taken(plane, service, web.names.slice(2));
      first!.answer = () => ({});
      await taken(plane, service, [web.names[0]!, web.names[2]!]);
    }
  });
});

const HEALTH = '/grpc.health.v1.Health/Check';
/** `HealthCheckResponse`s. */
const SERVING = Buffer.of(8, 1);
const NOT_SERVING = Buffer.of(8, 2);
