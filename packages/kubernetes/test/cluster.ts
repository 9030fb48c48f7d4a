import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import {
  ApiClient,
  isRefused,
  type KubernetesObject,
  RESOURCES,
  resource,
} from '@meshkeeper/kubernetes';
import { type Kubernetes, startKubernetes, until } from '@meshkeeper/testbed';

/** The API server that a suite runs against: a real one where one is named, the testbed's elsewhere. */
export interface TestCluster {
  readonly kubeconfig: string | undefined;
  readonly client: ApiClient;
  /** What only the testbed's server has: faults, and counts of requests. */
  readonly standIn: Kubernetes | undefined;
  /** Makes an empty namespace that goes with the suite. */
  namespace(): Promise<string>;
  /** Makes those definitions that are not there, waits until they serve; they go with the suite. */
  define(...definitions: readonly Definition[]): Promise<void>;
}

/** A CustomResourceDefinition. */
export type Definition = KubernetesObject & {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
};

const DEFINITIONS = resource<Definition>(
  ...(['apiextensions.k8s.io', 'v1', 'customresourcedefinitions'] as const),
  ...(['CustomResourceDefinition', false] as const),
);

/** Set to a kubeconfig file, the suites run against that cluster. */
export const REAL = process.env.MESHKEEPER_TEST_KUBECONFIG;

/**
 * The one of this file.
 * @param needs `calls`: it has to call what the test serves on loopback, which a real one elsewhere can't:
 * the testbed's takes its place.
 */
export async function testCluster(needs: { calls?: boolean } = {}): Promise<TestCluster> {
  const real = REAL && (await ApiClient.open({ kubeconfig: REAL }));
  const isFar = real && !/^(localhost|127\.|\[::1\])/.test(new URL(real.server).host);
  const standIn = !real || (needs.calls === true && isFar) ? await startKubernetes() : undefined;
  const kubeconfig = standIn?.kubeconfig ?? REAL;
  if (real && standIn !== undefined) await real.close();
  const client = standIn === undefined && real ? real : await ApiClient.open({ kubeconfig });
  const made: string[] = [];
  const defined: string[] = [];
  after(async () => {
    for (const name of defined) await client.delete(DEFINITIONS, name).catch(() => {});
    for (const name of made) await client.delete(RESOURCES.namespaces, name).catch(() => {});
    await client.close();
    await standIn?.close();
  });
  return {
    kubeconfig,
    client,
    standIn,
    async namespace() {
      const name = `meshkeeper-test-${randomBytes(4).toString('hex')}`;
      await client.create(RESOURCES.namespaces, { metadata: { name } });
      made.push(name);
      return name;
    },
    async define(...definitions) {
      for (const definition of definitions) {
        const { name } = definition.metadata;
        try {
          await client.create(DEFINITIONS, definition);
          defined.push(name);
        } catch (error) {
          if (!isRefused(error, 'AlreadyExists')) throw error;
        }
        await until(async () => {
          const { status } = await client.get(DEFINITIONS, name);
          return status?.conditions?.some(
            (each) => each.type === 'Established' && each.status === 'True',
          );
        });
      }
    },
  };
}
