import { readFile, writeFile } from 'node:fs/promises';
import { ApiClient, type EndpointSlice, isRefused, RESOURCES } from '@meshkeeper/kubernetes';
import { startKubernetes, tempDir } from '@meshkeeper/testbed';
import { Face } from './face.ts';
import { Ledger } from './ledger.ts';
import type { Platform, PlatformInstance } from './platform.ts';

const NAMESPACE = 'shop';
/** What is read has no items; what is watched is to be read anew. */
const EMPTIED = {
  path: (url: URL) => (url.searchParams.has('watch') ? '/version' : url.pathname + url.search),
  body(url: URL, body: string) {
    if (url.searchParams.has('watch')) {
      const gone = { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired' };
      return { status: 410, body: JSON.stringify(gone) };
    }
    const { items, ...rest } = JSON.parse(body) as { readonly items?: unknown };
    return {
      status: 200,
      body: JSON.stringify(items === undefined ? rest : { ...rest, items: [] }),
    };
  },
};

/** A cluster with a service of its own: `web` in the namespace `shop`, which is called by its name alone. */
export async function kubernetesPlatform(): Promise<Platform & { readonly kubeconfig: string }> {
  const stack = new AsyncDisposableStack();
  const cluster = stack.use(await startKubernetes({ namespaces: [NAMESPACE, 'mesh'] }));
  const client = stack.use(await ApiClient.open({ kubeconfig: cluster.kubeconfig }));
  const face = stack.use(await Face.of(cluster.url, EMPTIED));
  const folder = stack.use(await tempDir());
  const kubeconfig = `${folder.path}/kubeconfig`;
  const own = await readFile(cluster.kubeconfig, 'utf8');
  await writeFile(kubeconfig, own.replaceAll(cluster.url, face.url));

  const ledger = new Ledger();
  const stop = new AbortController();
  const slices = new Map<string, EndpointSlice>();
  const following = (async () => {
    const labelSelector = 'meshkeeper.io/mesh';
    const { metadata } = await client.list(RESOURCES.endpointSlices, { labelSelector });
    const { resourceVersion = '' } = metadata;
    const options = { labelSelector, resourceVersion, signal: stop.signal };
    for await (const { type, object } of client.watch(RESOURCES.endpointSlices, options)) {
      if (type === 'ERROR' || type === 'BOOKMARK') continue;
      if (type === 'DELETED') slices.delete(object.metadata.name);
      else slices.set(object.metadata.name, object);
      ledger.see(copiesIn(slices.values()));
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  stack.defer(async () => {
    stop.abort();
    await following;
  });
  const sliceName = (service: string, { name }: PlatformInstance) => `${service}-${name}`;
  return {
    ...{ source: 'cluster', ledger, kubeconfig },
    losses: face.losses,
    back: async () => face.show({ type: 'open' }),
    async register(service, instance) {
      const { address, port } = instance;
      const annotations = { 'meshkeeper.io/service-name': service };
      const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
      const metadata = { name: service, namespace: NAMESPACE, annotations };
      await client
        .create(RESOURCES.services, { metadata, spec: { clusterIP: 'None', ports } })
        .catch((error: unknown) => {
          if (!isRefused(error, 'AlreadyExists')) throw error;
        });
      const labels = { 'kubernetes.io/service-name': service };
      await client.create(RESOURCES.endpointSlices, {
        metadata: { name: sliceName(service, instance), namespace: NAMESPACE, labels },
        addressType: 'IPv4',
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
        ports: [{ name: 'http', port, protocol: 'TCP' }],
      });
    },
    deregister: (service, instance) =>
      client.delete(RESOURCES.endpointSlices, sliceName(service, instance), {
        namespace: NAMESPACE,
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function copiesIn(slices: Iterable<EndpointSlice>): ReadonlyMap<string, string> {
  const copies = new Map<string, string>();
  for (const { metadata, endpoints, ports } of slices)
    for (const { addresses, conditions } of endpoints ?? []) {
      const service = metadata.labels?.['kubernetes.io/service-name'];
      copies.set(`${service} ${addresses[0]}:${ports?.[0]?.port}`, JSON.stringify(conditions));
    }
  return copies;
}
