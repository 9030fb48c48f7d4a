import { connect } from '@meshkeeper/zookeeper';
import { instanceOf, ROOT, type Size, serviceName } from './tree.ts';

/** Services created at once. */
const SERVICES = 16;

/** Fills an empty server with a registry. */
export async function fill(
  server: string,
  { services, each }: Size,
  signal: AbortSignal,
  root = ROOT,
) {
  await using zk = await connect({ connect: server, sessionTimeout: 60_000 }, { signal });
  await zk.create(root);
  for (let first = 0; first < services; first += SERVICES) {
    const count = Math.min(SERVICES, services - first);
    const created = Array.from({ length: count }, (_, i) => {
      const service = first + i;
      const instances = Array.from({ length: each }, (__, n) => instanceOf(service, n, 0, root));
      return zk.multi(
        [
          { op: 'create', path: `${root}/${serviceName(service)}`, data: '' },
          ...instances.map(({ path, data }) => ({ op: 'create', path, data }) as const),
        ],
        { signal },
      );
    });
    await Promise.all(created);
  }
}
