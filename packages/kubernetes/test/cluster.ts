import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { ApiClient, RESOURCES } from '@meshkeeper/kubernetes';
import { type Kubernetes, startKubernetes } from '@meshkeeper/testbed';

/** The API server that a suite runs against: a real one where one is named, the testbed's elsewhere. */
export interface TestCluster {
  readonly kubeconfig: string | undefined;
  readonly client: ApiClient;
  /** What only the testbed's server has: faults, and counts of requests. */
  readonly standIn: Kubernetes | undefined;
  /** Makes an empty namespace that goes with the suite. */
  namespace(): Promise<string>;
}

/** Set to a kubeconfig file, the suites run against that cluster. */
export const REAL = process.env.MESHKEEPER_TEST_KUBECONFIG;

/** Starts one for this file. */
export async function testCluster(): Promise<TestCluster> {
  const standIn = REAL === undefined ? await startKubernetes() : undefined;
  const kubeconfig = REAL ?? standIn?.kubeconfig;
  const client = await ApiClient.open({ kubeconfig });
  const made: string[] = [];
  after(async () => {
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
  };
}
