import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { certificate } from '../certificate.ts';
import { tempDir } from '../temp-dir.ts';
import { ADMIN, serviceAccount, type User } from './access/user.ts';
import {
  type Fault,
  type FaultExtent,
  matches,
  type RequestMatch,
  type RequestRecord,
} from './faults.ts';
import { ApiServer } from './http/api-server.ts';
import type { Disturbance, Watch } from './http/watch.ts';
import type { KubernetesObject } from './object.ts';
import { ResourceCatalog } from './resources/catalog.ts';
import { Controllers } from './resources/controllers.ts';
import { ENDPOINT_SLICE } from './resources/endpoint-slice.ts';
import { timestamp } from './resources/object-checks.ts';
import { SERVICE } from './resources/service.ts';
import { Revisions } from './storage/revisions.ts';

/** How a stand-in is started. */
export interface KubernetesOptions {
  /** Milliseconds between two bookmarks of a watch. Default 60,000, as measured. */
  readonly bookmarks?: number;
  /** How long before its end a watch gets its last bookmark, in milliseconds. Default 2,000. */
  readonly lastBookmark?: number;
  /** How long a list waits for a revision that isn't there yet, in milliseconds. Default 3,000. */
  readonly patience?: number;
  /** Namespaces that are there beside `default` and `kube-system`. */
  readonly namespaces?: readonly string[];
}

/** A running API server. */
export interface Kubernetes extends AsyncDisposable {
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  /** A file that kubectl and clients take: the administrator's. */
  readonly kubeconfig: string;
  /** A file with the authority's certificate, PEM. */
  readonly ca: string;
  /** The administrator's. */
  readonly token: string;
  /** A kubeconfig file of a service account, which may do what its roles and bindings say. */
  kubeconfigOf(namespace: string, serviceAccount: string): Promise<string>;
  /** A token of a service account. */
  tokenOf(namespace: string, serviceAccount: string): string;
  /** What was asked, in order: for counting. */
  readonly requests: readonly RequestRecord[];
  /** How many of them match. */
  count(match: RequestMatch): number;
  clearRequests(): void;
  /** What happens to requests that match, until it is disposed or `calm` is called. */
  inject(match: RequestMatch, fault: Fault, extent?: FaultExtent): Disposable;
  /** No more faults; events come undisturbed. */
  calm(): void;
  /** What is done to events of watches that begin from now on. */
  disturb(disturbance: Disturbance): void;
  /** How many watches are open. */
  readonly watches: number;
  /** Breaks the connections of watches whose address holds `part`. Returns how many. */
  cutWatches(part?: string): number;
  /** Ends them as if their time was up. */
  endWatches(part?: string): number;
  /** They get an ERROR event of 410, and end. */
  expireWatches(part?: string): number;
  /** They stay open, and say nothing any more, as on a server that is being shut down. */
  silenceWatches(part?: string): number;
  /** Forgets the past: older revisions can't be watched from or listed any more. */
  compact(): void;
  /** Requests wait, and watches are silent, until `resume`. */
  pause(): void;
  resume(): void;
  /** The server is gone, and its port refuses; what is stored stays. */
  stop(): Promise<void>;
  /** It is there again, at the same port. */
  start(): Promise<void>;
  /** Where webhooks behind a Service are reached: `namespace/name`. */
  serve(service: string, address: { host: string; port: number }): void;
  /** Ends it. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts an API server that behaves as a real one of version 1.36 does, as far as was measured, and
 * keeps its objects in memory. No controllers and no kubelets: nothing becomes of Pods, and Services
 * have the slices that somebody writes.
 */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Kubernetes> {
  const folder = await tempDir('meshkeeper-kubernetes-');
  const authority = await certificate(folder.path, 'ca');
  const serving = await certificate(folder.path, 'server', {
    hosts: ['127.0.0.1', 'localhost', 'kubernetes.default.svc'],
    signer: authority,
  });
  const catalog = new ResourceCatalog(new Revisions());
  const controllers = new Controllers(catalog);
  const services = new Map<string, { host: string; port: number }>();
  const token = randomUUID();
  const tokens = new Map<string, User>([[token, ADMIN]]);
  const api = new ApiServer({
    catalog,
    cluster: addresses(),
    reach: (namespace, name) => services.get(`${namespace}/${name}`),
    tokens,
    watches: {
      bookmarks: options.bookmarks ?? 60_000,
      lastBookmark: options.lastBookmark ?? 2_000,
    },
    patience: options.patience ?? 3_000,
  });
  for (const name of ['default', 'kube-system', ...(options.namespaces ?? [])])
    catalog.storage({ group: '', plural: 'namespaces' }).put(name, namespaceObject(name));
  // The API server writes its own Service itself.
  putOwnService(catalog);

  const pem = { cert: await readFile(serving.cert), key: await readFile(serving.key) };
  const listen = async (port: number): Promise<Server> => {
    const server = createServer(pem, (request, response) => void api.handle(request, response));
    // Watches are long, and so are the pauses between requests of one connection.
    server.requestTimeout = 0;
    server.keepAliveTimeout = 60_000;
    server.unref();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}`;

  const authorityPem = await readFile(authority.cert, 'utf8');
  const writeConfig = async (name: string, bearer: string): Promise<string> => {
    const path = join(folder.path, `${name}.kubeconfig`);
    await writeFile(path, kubeconfigOf(url, authorityPem, name, bearer));
    return path;
  };
  const kubeconfig = await writeConfig('admin', token);
  let unpause: (() => void) | undefined;

  const each = (part: string | undefined, act: (watch: Watch) => void) => {
    const watches = [...api.watches].filter(({ path }) => path.includes(part ?? ''));
    watches.forEach(act);
    return watches.length;
  };
  const stop = async () => {
    const ending = server;
    server = undefined;
    if (ending === undefined) return;
    const closed = once(ending, 'close');
    ending.close();
    ending.closeAllConnections();
    await closed;
  };
  const resume = () => {
    api.paused = undefined;
    unpause?.();
  };
  const close = async () => {
    resume();
    controllers[Symbol.dispose]();
    await stop();
    await folder.close();
  };
  const tokenOf = (namespace: string, name: string) => api.token(serviceAccount(namespace, name));
  return {
    url,
    kubeconfig,
    ca: authority.cert,
    token,
    requests: api.requests,
    tokenOf,
    kubeconfigOf: (namespace, name) =>
      writeConfig(`${namespace}-${name}`, tokenOf(namespace, name)),
    count: (match) => api.requests.filter((request) => matches(match, request)).length,
    clearRequests() {
      api.requests.length = 0;
    },
    inject: (match, fault, extent = {}) => api.faults.add(match, fault, extent),
    calm() {
      api.faults.clear();
      api.disturbance = undefined;
    },
    disturb(disturbance) {
      api.disturbance = disturbance;
    },
    get watches() {
      return api.watches.size;
    },
    cutWatches: (part) => each(part, (watch) => watch.cut()),
    endWatches: (part) => each(part, (watch) => watch.end()),
    expireWatches: (part) => each(part, (watch) => watch.expire()),
    silenceWatches: (part) => each(part, (watch) => watch.silence()),
    compact() {
      for (const storage of catalog.storages) storage.compact();
    },
    pause() {
      const { promise, resolve } = Promise.withResolvers<void>();
      api.paused = promise;
      unpause = resolve;
      for (const watch of api.watches) watch.silence();
    },
    resume,
    stop,
    async start() {
      server ??= await listen(port);
    },
    serve(service, address) {
      services.set(service, address);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function addresses() {
  let address = 10;
  let nodePort = 30_000;
  return {
    allocateAddress(family: 'IPv4' | 'IPv6') {
      address += 1;
      if (family === 'IPv6') return `fd00:10:96::${address.toString(16)}`;
      return `10.${96 + (address >> 16)}.${(address >> 8) & 255}.${address & 255}`;
    },
    allocateNodePort() {
      nodePort += 1;
      return nodePort;
    },
  };
}

function putOwnService(catalog: ResourceCatalog): void {
  const metadata = (name: string, labels: Record<string, string>) => ({
    ...{ name, namespace: 'default', labels, uid: randomUUID() },
    creationTimestamp: timestamp(),
  });
  const port = { name: 'https', protocol: 'TCP', port: 443 };
  catalog.storage(SERVICE).put('default/kubernetes', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('kubernetes', { component: 'apiserver', provider: 'kubernetes' }),
    spec: {
      ...{ type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] },
      ...{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', sessionAffinity: 'None' },
      internalTrafficPolicy: 'Cluster',
      ports: [{ ...port, targetPort: 6443 }],
    },
    status: { loadBalancer: {} },
  });
  catalog.storage(ENDPOINT_SLICE).put('default/kubernetes', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadata('kubernetes', { 'kubernetes.io/service-name': 'kubernetes' }),
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.255.0.1'], conditions: { ready: true } }],
    ports: [{ ...port, port: 6443 }],
  });
}

function namespaceObject(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      uid: randomUUID(),
      creationTimestamp: timestamp(),
      labels: { 'kubernetes.io/metadata.name': name },
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

/** JSON is YAML. */
function kubeconfigOf(server: string, authority: string, user: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'testbed',
        cluster: {
          server,
          'certificate-authority-data': Buffer.from(authority).toString('base64'),
        },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'testbed', context: { cluster: 'testbed', user, namespace: 'default' } }],
    'current-context': 'testbed',
  });
}
