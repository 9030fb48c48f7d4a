import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js';
import { until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import fc from 'fast-check';
import { afterCheck, type Found } from '../../src/registrations/check.ts';
import { callAt } from '../api/plane.ts';
import { startReplicaOf } from './stage.ts';

test('it takes as many in a row as it says to change what is found', () => {
  const check = { interval: 1, timeout: 1, rise: 2, fall: 3 };
  const run = (results: readonly boolean[]) =>
    results.reduce((found: Found, passed) => afterCheck(found, passed, check), {
      fit: true,
      against: 0,
    });
  assert.deepEqual(run([false, false]), { fit: true, against: 2 });
  assert.deepEqual(run([false, false, true, false, false]), { fit: true, against: 2 });
  assert.deepEqual(run([false, false, false]), { fit: false, against: 0 });
  assert.deepEqual(run([false, false, false, true, false, true]), { fit: false, against: 1 });
  assert.deepEqual(run([false, false, false, true, true]), { fit: true, against: 0 });
  fc.assert(
    fc.property(fc.array(fc.boolean()), (results) => {
      const { fit } = run(results);
      // Whatever was before: so many in a row decide.
      if (results.slice(-3).filter((passed) => !passed).length === 3) assert.equal(fit, false);
      if (results.length >= 2 && results.slice(-2).every((passed) => passed))
        assert.equal(fit, true);
    }),
  );
});

test('replicas agree on what checks find, and go on with those of one that is gone', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  stack.defer(() => server.close());
  const [a, b] = [await startReplicaOf(server.connect), await startReplicaOf(server.connect)];
  stack.use(b);
  stack.use(a);
  let answered = 200;
  let asked = 0;
  const instance = createServer((request, response) => {
    if (request.url === '/ready') asked++;
    response.statusCode = answered;
    response.end();
  });
  instance.listen(0, '0.0.0.0');
  await once(instance, 'listening');
  stack.defer(() => void instance.close());
  const { port } = instance.address() as AddressInfo;
  const addresses = new Map(
    ['i1', 'i2', 'i3', 'i4', 'tcp'].map((id, i) => [id, `127.0.0.${i + 1}`]),
  );
  const put = (id: string, body: object) =>
    callAt(b.api, `/api/v1/services/checked/endpoints/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address: addresses.get(id), port, ...body }),
    });
  const timing = { interval: 500, timeout: '1s', rise: 1, fall: 2 };
  const ids = ['i1', 'i2', 'i3', 'i4'];
  for (const id of ids) {
    const made = await put(id, { check: { http: '/ready', ...timing } });
    assert.equal(made.status, 200, made.text);
  }
  assert.equal((await put('tcp', { check: timing })).status, 200);
  assert.equal((await put('tcp', { check: { http: '/', grpc: '', ...timing } })).status, 400);
  const health = async (api: string) => {
    const { body } = await callAt(api, '/api/v1/services/checked/endpoints');
    const all = (body.endpoints ?? []) as { readonly id: string; readonly health: string }[];
    return Object.fromEntries(all.map((endpoint) => [endpoint.id, endpoint.health]));
  };
  const all = (http: string, tcp: string) => ({
    ...Object.fromEntries(ids.map((id) => [id, http])),
    tcp,
  });
  const agreed = (api: string, wanted: object) =>
    until(async () => {
      const found = await health(api);
      return Object.entries(wanted).every(([id, word]) => found[id] === word);
    });
  await until(() => asked >= 8);
  await agreed(a.api, all('unknown', 'unknown'));
  answered = 503;
  await agreed(a.api, all('draining', 'unknown'));
  await agreed(b.api, all('draining', 'unknown'));
  // A registration that says the same again doesn't make it fit.
  assert.equal((await put('i1', { check: { http: '/ready', ...timing } })).status, 200);
  assert.equal((await health(b.api)).i1, 'draining');
  await a.close();
  answered = 200;
  await agreed(b.api, all('unknown', 'unknown'));
  instance.close();
  instance.closeAllConnections();
  await agreed(b.api, all('draining', 'draining'));
  // Nothing that is checked no more, and nothing where it can't be said.
  assert.equal((await put('tcp', {})).status, 200);
  await agreed(b.api, { tcp: 'unknown' });
});

test('a gRPC server is asked whether it serves', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
  const replica = stack.use(await startReplicaOf(server.connect));
  const rpc = new Server();
  const asIs = (bytes: Buffer) => bytes;
  const path = '/grpc.health.v1.Health/Check';
  const codec = { requestSerialize: asIs, requestDeserialize: asIs };
  const method = { path, requestStream: false, responseStream: false, ...codec };
  /** By service: SERVING is 1, NOT_SERVING 2. */
  const said = new Map([
    ['', 1],
    ['shop.Cart', 1],
  ]);
  rpc.addService(
    { check: { ...method, responseSerialize: asIs, responseDeserialize: asIs } },
    {
      check: (call: { request: Buffer }, answer: sendUnaryData<Buffer>) => {
        const state = said.get(call.request.subarray(2).toString());
        if (state === undefined) answer({ code: status.NOT_FOUND });
        else answer(null, Buffer.from([0x08, state]));
      },
    },
  );
  stack.defer(() => rpc.forceShutdown());
  const bind = promisify(rpc.bindAsync.bind(rpc));
  const port = await bind('0.0.0.0:0', ServerCredentials.createInsecure());
  const checked = { interval: 500, timeout: '1s', rise: 1, fall: 1 };
  const services = { whole: '', cart: 'shop.Cart', unknown: 'shop.Nothing' };
  for (const [i, [id, grpc]] of Object.entries(services).entries()) {
    const body = { address: `127.0.0.${i + 1}`, port, check: { grpc, ...checked } };
    const made = await callAt(replica.api, `/api/v1/services/rpc/endpoints/${id}`, {
      ...{ method: 'PUT', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify(body),
    });
    assert.equal(made.status, 200, made.text);
  }
  const found = (wanted: Record<string, string>) =>
    until(async () => {
      const { body } = await callAt(replica.api, '/api/v1/services/rpc/endpoints');
      const all = (body.endpoints ?? []) as { readonly id: string; readonly health: string }[];
      return all.length === 3 && all.every(({ id, health }) => wanted[id] === health);
    });
  await found({ whole: 'unknown', cart: 'unknown', unknown: 'draining' });
  said.set('shop.Cart', 2).set('shop.Nothing', 1);
  await found({ whole: 'unknown', cart: 'draining', unknown: 'unknown' });
  rpc.forceShutdown();
  await found({ whole: 'draining', cart: 'draining', unknown: 'draining' });
});
