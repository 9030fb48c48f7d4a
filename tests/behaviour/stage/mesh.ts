import { diff, EMPTY_SNAPSHOT, type Service, ServiceMap, type Snapshot } from '@meshkeeper/mesh';
import { compilePolicies, formatIssue, type Policy, parsePolicies } from '@meshkeeper/policy';
import { until } from '@meshkeeper/testbed';
import { type HostPort, startXdsServer, type XdsServer } from '@meshkeeper/xds';

/** All that data planes are told. */
export interface MeshState {
  readonly services: readonly Service[];
  /** As an operator writes them. Default: none. */
  readonly policies?: string | readonly Policy[];
}

/** A control plane without registries: what there is, is said. */
export interface Mesh extends AsyncDisposable {
  /** Where data planes connect. */
  readonly xds: HostPort;
  readonly server: XdsServer;
  /** What was rejected since the last look, a line each. */
  takeRejections(): string[];
  /** States all that there is; resolves when every data plane has applied it, fails when one rejects it. */
  set(state: MeshState): Promise<void>;
}

/** Starts one on a free port of loopback. */
export async function startMesh(): Promise<Mesh> {
  let rejections: string[] = [];
  const server = await startXdsServer({
    listen: { host: '127.0.0.1', port: 0 },
    debounce: { quiet: 1, max: 20 },
    observer: {
      nacked: ({ proxy, names, message }) => {
        rejections.push(`${proxy.id} rejects ${names.join()}: ${message}`);
      },
    },
  });
  let snapshot: Snapshot = EMPTY_SNAPSHOT;
  const takeRejections = () => {
    const taken = rejections;
    rejections = [];
    return taken;
  };
  return {
    xds: server.address,
    server,
    takeRejections,
    async set({ services, policies = [] }) {
      const before = snapshot;
      snapshot = {
        revision: before.revision + 1,
        services: ServiceMap.from(services),
        policies: compilePolicies(policiesOf(policies), before.policies),
      };
      server.update(snapshot, diff(before, snapshot));
      const { revision } = snapshot;
      const applied = () =>
        server.proxies().every(({ appliedRevision = 0 }) => appliedRevision >= revision);
      await until(() => rejections.length > 0 || applied(), {
        interval: 2,
        message: `every data plane has applied revision ${revision}`,
      });
      const rejected = takeRejections();
      if (rejected.length > 0) throw new Error(rejected.join('\n--\n'));
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** The policies of a text in which nothing is wrong. */
export function policiesOf(written: string | readonly Policy[]): readonly Policy[] {
  if (typeof written !== 'string') return written;
  const { policies, issues } = parsePolicies(written);
  if (issues.length > 0) throw new Error(issues.map(formatIssue).join('\n'));
  return policies.map(({ policy }) => policy);
}
