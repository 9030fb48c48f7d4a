import { type Dialect, TreeSource } from '@meshkeeper/registries';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Config } from '../config/schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';

/** A registry is the same as before a restart when it is read from the same place. @param main the own ensemble */
export function identityOfRegistry(
  { name, dialect, root, zookeeper }: Config['registries'][number],
  main: string,
) {
  return { name, identity: JSON.stringify([name, dialect, zookeeper?.connect ?? main, root]) };
}

/**
 * The sources of the configured registries, in their order.
 * @param ensemble the client of the ensemble that a registry lives in; undefined: the main one
 * @throws ControlPlaneError INVALID_CONFIG for a dialect that nobody brings, and for a root that is missing
 */
export async function openRegistries(
  registries: Config['registries'],
  dialects: ReadonlyMap<string, Dialect>,
  ensemble: (connect: string | undefined) => Promise<ZooKeeper>,
): Promise<TreeSource[]> {
  const opened = registries.map(async ({ name, dialect: wanted, zookeeper, ...registry }) => {
    const dialect = dialects.get(wanted);
    if (dialect === undefined)
      throw new ControlPlaneError(
        'INVALID_CONFIG',
        `registries: "${name}" is of the dialect "${wanted}", which nobody brings: there are ${[...dialects.keys()].join(', ')}`,
      );
    const { root, locality, prefix } = registry;
    if (root === undefined && dialect.defaultRoot === undefined)
      throw new ControlPlaneError(
        'INVALID_CONFIG',
        `registries: "${name}" needs a root: its dialect "${wanted}" has none of its own`,
      );
    return new TreeSource({
      ...{ name, dialect, root, locality, prefix },
      zk: await ensemble(zookeeper?.connect),
    });
  });
  return Promise.all(opened);
}
