import {
  type KubernetesService,
  type KubernetesSource,
  kubernetesSourceSchema,
  openKubernetesSource,
  type SliceEndpoint,
} from '@meshkeeper/kubernetes';
import type { Service, SourceChange } from '@meshkeeper/mesh';

/** A source that runs, and what it has told. */
export interface RunningSource extends AsyncDisposable {
  readonly source: KubernetesSource;
  readonly changes: readonly SourceChange[];
  /** What somebody knows who only listens. */
  readonly services: ReadonlyMap<string, Service>;
  readonly resets: number;
}

/** Opens one with these settings, and short pauses. */
export async function runSource(settings: object): Promise<RunningSource> {
  const source = await openKubernetesSource(
    kubernetesSourceSchema.parse(settings),
    {
      name: 'k8s',
      logger: { debug() {}, info() {}, warn() {} },
      now: Date.now,
      resolve: (path) => path,
    },
    { backOff: { first: 5, longest: 100 }, idle: 2_000, pageSize: 50 },
  );
  const ending = new AbortController();
  const changes: SourceChange[] = [];
  const services = new Map<string, Service>();
  const running = (async () => {
    for await (const change of source.changes(ending.signal)) {
      changes.push(change);
      if (change.type === 'upsert') services.set(change.service.name, change.service);
      else if (change.type === 'remove') services.delete(change.name);
      else {
        services.clear();
        for (const service of change.services) services.set(service.name, service);
      }
    }
  })();
  return {
    source,
    changes,
    services,
    get resets() {
      return changes.filter(({ type }) => type === 'reset').length;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
      await source.close();
    },
  };
}

/** A Service without a selector, whose slices somebody else writes. */
export function service(
  namespace: string,
  name: string,
  spec: KubernetesService['spec'] = {},
  { annotations = {}, labels = {} }: { annotations?: object; labels?: object } = {},
): KubernetesService {
  return {
    metadata: { name, namespace, annotations: { ...annotations }, labels: { ...labels } },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  };
}

/** A slice of it. */
export function slice(
  namespace: string,
  of: string,
  name: string,
  endpoints: readonly SliceEndpoint[],
  { labels = {}, ports = [{ name: 'http', port: 8080 }], addressType = 'IPv4' as const } = {},
) {
  return {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': of, ...labels } },
    ...{ addressType, ports, endpoints },
  };
}

/** `address:port health` of the endpoints of a service. */
export function told(service: Service | undefined): readonly string[] | undefined {
  return service?.endpoints.map(({ address, port, health }) => `${address}:${port} ${health}`);
}
