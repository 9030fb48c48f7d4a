import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { startZooKeeper, until, type ZooKeeperServer } from '@meshkeeper/testbed';
import { instance } from '../instance.ts';
import { type Answer, callAt, startApiPlane, startReplicaOf } from './plane.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
/** What is in a path. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ service: 'shop', id: 'shop-1', application: 'shop', namespace: 'default', gray: 'canary' },
  ...{ kind: 'ServicePolicy', name: 'shop', holder: 'me', revision: '1', release: '1' },
};
const LEASE = { holder: 'you', ttl: '1m', wait: '0s' };
const POLICY = {
  ...{ apiVersion: 'meshkeeper.io/v1', kind: 'ServicePolicy', metadata: { name: 'shop' } },
  spec: { targetRefs: [{ kind: 'Service', name: 'shop' }], loadBalancing: { type: 'random' } },
};
const BODIES: Readonly<Record<string, unknown>> = {
  ...{ acquireLock: LEASE, acquireElection: LEASE, applyPolicies: [POLICY], putPolicy: POLICY },
  ...{ registerEndpoint: { address: '10.0.0.1', port: 80 }, rollbackPolicies: { revision: 1 } },
};
/** Those of each family that ask ZooKeeper. */
const ASKING = [
  ...['putOverlay', 'getOverlay', 'holdService', 'registerEndpoint', 'heartbeat'],
  ...['applyPolicies', 'putPolicy', 'deletePolicy', 'acquireLock', 'keepLock', 'acquireElection'],
  ...['putConfigDraft', 'publishConfig', 'getConfigDraft', 'exportConfig', 'deleteConfigNamespace'],
  ...['listTokens', 'createToken', 'listAudit'],
];
/** Those that answer from memory. */
const KNOWING = ['listServices', 'listEndpoints', 'explainService', 'resolveConfig', 'getHealth'];

interface Operation {
  readonly operationId: string;
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example?: unknown }>>;
  };
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, unknown> }>>;
}

test('while ZooKeeper hangs every operation is answered in time, and says so', async () => {
  let zookeeper: ZooKeeperServer | undefined;
  await using api = await startApiPlane(
    {},
    async (zk) => {
      const shop = instance('shop', 'shop-1', 1001);
      await zk.create('/discovery/shop/shop-1', shop, { parents: true });
    },
    async () => {
      zookeeper = await startZooKeeper();
      return zookeeper;
    },
  );
  await using plane = await startReplicaOf(api.server.connect, { limits: { time: '1s' } });
  const { body: document } = await api.call('/api/v1/openapi.json');
  const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const types = Object.keys(operation.responses['200']?.content ?? {});
        if (types.length === 1 && types[0] === 'text/event-stream') return [];
        return [{ method: method.toUpperCase(), path, ...operation }];
      }),
  );
  const call = async (operation: (typeof operations)[number], seen = true) => {
    const { method, path, operationId, requestBody } = operation;
    const at = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => NAMES[name] ?? 'x');
    const query = operationId === 'getDiff' || operationId === 'diffConfig' ? '?from=1' : '';
    const body = BODIES[operationId] ?? requestBody?.content['application/json']?.example;
    return callAt(plane.api, `${at}${query}`, {
      method,
      headers: { ...(seen && { 'if-match': '*' }), ...(body !== undefined && JSON_TYPE) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // Far more than the limit, and less than what waits for ZooKeeper.
      signal: AbortSignal.timeout(4_500),
    });
  };
  const prepare = ['putConfigDraft', 'publishConfig', 'putPolicy', 'acquireLock'];
  for (const name of prepare) {
    const { status, text } = await call(
      operations.find((each) => each.operationId === name)!,
      name === 'putConfigDraft',
    );
    assert.ok(status < 300, `${name}: ${status} ${text}`);
  }
  const ask = async () => {
    const answers = new Map<string, Answer>();
    const asking = operations.map(async (each) => answers.set(each.operationId, await call(each)));
    await Promise.all(asking);
    return answers;
  };
  zookeeper?.pause();
  try {
    // Who takes it for a Consul is told so, too.
    const consul = Promise.all(
      ['/v1/session/create', `/v1/kv/a?acquire=${randomUUID()}`].map((path) => {
        const signal = AbortSignal.timeout(20_000);
        return callAt(plane.api, path, { method: 'PUT', body: '{"TTL":"15s"}', signal });
      }),
    );
    const answers = await ask();
    for (const { operationId, responses } of operations) {
      const { status, headers, body, text } = answers.get(operationId)!;
      const told = `${operationId}: ${status} ${text}`;
      assert.ok(String(status) in responses, told);
      if (status < 500) continue;
      assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, told);
      assert.ok(['timeout', 'zookeeper-unavailable'].includes(body.code), told);
    }
    const statusOf = (name: string) => [name, answers.get(name)?.status] as const;
    for (const [name, status] of ASKING.map(statusOf))
      assert.ok(status === 503 || status === 504, `${name}: ${status}`);
    for (const [name, status] of KNOWING.map(statusOf)) assert.equal(status, 200, name);
    for (const { status } of await consul) assert.ok(status === 500 || status === 504);
  } finally {
    zookeeper?.resume();
  }
  await until(async () => (await callAt(plane.api, '/api/v1/tokens')).status === 200);
});
