import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  isRefused,
  KubernetesError,
  type KubernetesObject,
  RESOURCES,
  resource,
  startWebhook,
  type Webhook,
  type WebhookOptions,
} from '@meshkeeper/kubernetes';
import { until } from '@meshkeeper/testbed';
import { certificatesOf } from '../../src/webhook/rotation.ts';
import { SECRETS } from '../../src/webhook/serving-secret.ts';
import {
  publishedBundle,
  WEBHOOK_CONFIGURATIONS,
  type WebhookConfiguration,
} from '../../src/webhook/webhook-configuration.ts';
import { testCluster } from '../cluster.ts';

const cluster = await testCluster({ calls: true });
const { client } = cluster;
/** Where the webhook is, and where pods are. */
const mesh = await cluster.namespace();
const shop = await cluster.namespace();
// Configurations are the whole cluster's.
const own = (name: string) => `${name}-${mesh.slice(-8)}`;

const logger = { info() {}, warn() {} };
const SIDECAR = { image: 'meshkeeper:1', server: 'https://mesh:7070', xds: 'mesh:7071' };
const ORDERS = { 'meshkeeper.io/service': 'orders', 'meshkeeper.io/port': '8080' };

type Container = { readonly name: string; readonly image: string; readonly restartPolicy?: string };
type Pod = KubernetesObject & {
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
};
const PODS = resource<Pod>('', 'v1', 'pods', 'Pod');

function pod(name: string, annotations: Record<string, string>, inject = 'true'): Pod {
  return {
    metadata: {
      name,
      namespace: shop,
      labels: { 'meshkeeper.io/inject': inject },
      annotations,
    },
    spec: { containers: [{ name: 'app', image: 'app:1' }] },
  };
}

async function configure(name: string): Promise<void> {
  // More of it than is known to who reads it.
  const configuration = {
    metadata: { name },
    webhooks: [
      {
        name: 'inject.meshkeeper.io',
        clientConfig: { service: { namespace: mesh, name, path: '/mutate' } },
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
        ],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': shop } },
        objectSelector: { matchLabels: { 'meshkeeper.io/inject': 'true' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
      },
    ],
  };
  await client.create(WEBHOOK_CONFIGURATIONS, configuration as WebhookConfiguration);
}

function start(name: string, over: Partial<WebhookOptions> = {}) {
  return startWebhook({
    ...{ client, namespace: mesh, name, identity: randomUUID(), sidecar: SIDECAR, logger },
    ...{ listen: { host: '127.0.0.1', port: 0 }, interval: 50, ...over },
  });
}

/** The API server calls it there from now on. */
async function reach(name: string, { host, port }: Webhook): Promise<void> {
  if (cluster.standIn !== undefined)
    return cluster.standIn.serve(`${mesh}/${name}`, { host, port });
  const metadata = { name, namespace: mesh };
  // Which it takes for a name of this machine.
  const spec = { type: 'ExternalName' as const, externalName: 'localhost' };
  await client.create(RESOURCES.services, { metadata, spec }).catch((error) => {
    if (!isRefused(error, 'AlreadyExists')) throw error;
  });
  const path = '/webhooks/0/clientConfig/service/port';
  const patch = [{ op: 'replace', path, value: port }];
  await client.patch(WEBHOOK_CONFIGURATIONS, name, patch, { type: 'json' });
}

async function published(name: string): Promise<string | undefined> {
  return publishedBundle(await client.get(WEBHOOK_CONFIGURATIONS, name));
}

describe('the webhook', () => {
  it('injects sidecars into pods that ask for one, behind a certificate of its own', async () => {
    await configure(own('hook'));
    try {
      await assert.rejects(client.create(PODS, pod('early', ORDERS)), /failed calling webhook/);
      await using webhook = await start(own('hook'));
      await reach(own('hook'), webhook);
      await until(async () => webhook.ready && (await published(own('hook'))) !== undefined);
      const made = await client.create(PODS, pod('orders', ORDERS));
      const [sidecar] = made.spec.initContainers ?? [];
      assert.deepEqual(
        [sidecar?.name, sidecar?.image, sidecar?.restartPolicy],
        ['meshkeeper-sidecar', 'meshkeeper:1', 'Always'],
      );
      await assert.rejects(
        client.create(PODS, pod('nameless', {})),
        (error) =>
          error instanceof KubernetesError &&
          /annotation meshkeeper.io\/service/.test(error.message),
      );
      const other = await client.create(PODS, pod('other', ORDERS, 'false'));
      assert.equal(other.spec.initContainers, undefined);
    } finally {
      await client.delete(WEBHOOK_CONFIGURATIONS, own('hook'));
    }
  });

  it('shares its certificate with the other replicas, also when it is replaced under way', async () => {
    await configure(own('shared'));
    try {
      // Everything is due at once, and again and again: the authority after two thirds of its life.
      const lifetimes = { authority: 3_000, serving: 1_500, overlap: 300_000 };
      const webhooks = [
        await start(own('shared'), { lifetimes }),
        await start(own('shared'), { lifetimes }),
      ];
      try {
        await until(
          async () => webhooks.every(({ ready }) => ready) && !!(await published(own('shared'))),
        );
        const seen = new Set<string>();
        let made = 0;
        await until(async () => {
          // Each in turn is called, with what the API server is told to trust.
          await reach(own('shared'), webhooks[made % 2]!);
          const one = await client.create(PODS, pod(`p${made++}`, ORDERS));
          assert.equal(one.spec.initContainers?.length, 1);
          for (const cert of certificatesOf((await published(own('shared'))) ?? '')) seen.add(cert);
          return seen.size >= 3;
        });
      } finally {
        for (const webhook of webhooks) await webhook.close();
      }
      const secrets = await client.list(SECRETS, { namespace: mesh });
      assert.ok(secrets.items.some(({ metadata }) => metadata.name === own('shared')));
    } finally {
      await client.delete(WEBHOOK_CONFIGURATIONS, own('shared'));
    }
  });

  it('answers probes, and nothing else', async () => {
    await configure(own('probed'));
    await using webhook = await start(own('probed'));
    await until(() => webhook.ready);
    const { Agent, request } = await import('undici');
    await using dispatcher = Object.assign(new Agent({ connect: { rejectUnauthorized: false } }), {
      [Symbol.asyncDispose]: () => dispatcher.close(),
    });
    const ask = async (path: string, method: 'GET' | 'POST' = 'GET', body?: string) => {
      const url = `https://${webhook.host}:${webhook.port}${path}`;
      const answer = await request(url, { method, dispatcher, ...(body && { body }) });
      await answer.body.dump();
      return answer.statusCode;
    };
    assert.deepEqual(
      [await ask('/healthz'), await ask('/readyz'), await ask('/x'), await ask('/mutate')],
      [200, 200, 404, 405],
    );
    assert.equal(await ask('/mutate', 'POST', '{'), 400);
    await client.delete(WEBHOOK_CONFIGURATIONS, own('probed'));
  });
});
