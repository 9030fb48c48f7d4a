import { diff, EMPTY_SNAPSHOT, type Snapshot } from '@meshkeeper/mesh';
import {
  CERTIFICATES_KEY,
  envoyBootstrap,
  type Json,
  LISTENER_KEYS,
  MessagePrinter,
  Resources,
  type ResourceType,
  scopeOf,
} from '@meshkeeper/xds';

type Fields = Readonly<Record<string, Json | undefined>>;

const NODE = { id: 'static', cluster: 'test' };

/**
 * What an Envoy is served, as a configuration that is complete in itself: endpoints in their clusters,
 * routes in their listeners.
 * @param certificates the folder that it has them in
 */
export async function staticConfig(snapshot: Snapshot, certificates: string): Promise<object> {
  const printer = await MessagePrinter.load();
  const resources = new Resources();
  resources.apply(snapshot, diff(EMPTY_SNAPSHOT, snapshot));
  resources.settle();
  const metadata = {
    [LISTENER_KEYS.outbound]: '127.0.0.1:0',
    [LISTENER_KEYS.gateway]: '127.0.0.1:0',
    [CERTIFICATES_KEY]: certificates,
  };
  const fields = Object.entries(metadata).map(([key, stringValue]) => [key, { stringValue }]);
  const scope = scopeOf({ ...NODE, metadata: { fields: Object.fromEntries(fields) } });
  const view = resources.view(scope);
  const printed = (type: ResourceType): Fields[] =>
    // Every resource is an object in JSON.
    view[type].list.map(({ any }) => ({ ...(printer.print(any) as Fields), '@type': undefined }));
  const assignments = new Map(printed('endpoint').map((each) => [each.cluster_name, each]));
  const routes = new Map(printed('route').map((each) => [each.name, each]));
  const clusters = printed('cluster').map((cluster) => ({
    ...cluster,
    type: 'STATIC',
    eds_cluster_config: undefined,
    load_assignment: assignments.get(cluster.name),
  }));
  const listeners = printed('listener').map((listener) => withRoutes(listener, routes));
  const { layered_runtime } = envoyBootstrap({ xds: { host: '127.0.0.1', port: 1 }, node: NODE });
  return { layered_runtime, static_resources: { clusters, listeners } };
}

/** The same with routes in the place of where they are fetched from. */
function withRoutes(value: unknown, routes: ReadonlyMap<unknown, Fields>): unknown {
  if (Array.isArray(value)) return value.map((item) => withRoutes(item, routes));
  if (typeof value !== 'object' || value === null) return value;
  if ('private_key' in value && 'certificate_chain' in value) return withKey(value);
  const { rds, ...rest } = value as Fields;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, each]) => [key, withRoutes(each, routes)]),
  );
  if (rds === undefined) return inner;
  const { route_config_name: name } = rds as Fields;
  // Routes may name clusters that there are not.
  return { ...inner, route_config: { ...routes.get(name), validate_clusters: false } };
}

/** What is printed does not say where a key is: it is beside its certificate. */
function withKey(certificate: object & { readonly certificate_chain: unknown }): object {
  const { filename } = certificate.certificate_chain as { readonly filename: string };
  return { ...certificate, private_key: { filename: filename.replace('.crt', '.key') } };
}
