import { type Dialect, type Entry, type Registration, RegistryError } from '@meshkeeper/registries';
import { CreateMode } from '@meshkeeper/zookeeper';
import type { Config } from '../config/schema.ts';

/** A registry that can be written to: one of the control plane's own ensemble. */
export interface Target {
  readonly registry: string;
  readonly dialect: Dialect;
  readonly root: string;
  /** What the catalog puts before the names of its services. */
  readonly prefix: string;
}

/** A registration in a registry's own words. */
export interface Encoded {
  readonly target: Target;
  readonly entries: readonly Entry[];
}

/** The registries that may be written to, in the configuration's order. */
export function targetsOf(
  registries: Config['registries'],
  dialects: ReadonlyMap<string, Dialect>,
): readonly Target[] {
  return registries.flatMap(({ name, dialect: wanted, root, zookeeper, prefix }) => {
    const dialect = dialects.get(wanted);
    const at = root ?? dialect?.defaultRoot;
    if (zookeeper !== undefined || dialect === undefined || at === undefined) return [];
    return [{ registry: name, dialect, root: at, prefix }];
  });
}

/**
 * A registration as the first of the registries says it that can.
 * @param now milliseconds since the epoch: when it was registered
 * @throws RegistryError UNWRITABLE that says of each why it can't
 */
export function encodeFor(
  targets: readonly Target[],
  registration: Registration & { readonly id: string },
  now: number,
): Encoded {
  const reasons: string[] = [];
  for (const target of targets) {
    const { registry, dialect, root, prefix } = target;
    const { service } = registration;
    if (!service.startsWith(prefix) || service === prefix) {
      reasons.push(`${registry}: its services begin with "${prefix}"`);
      continue;
    }
    try {
      const named = { ...registration, service: service.slice(prefix.length) };
      const entries = encoded(dialect, root, named, now);
      // Others' writers keep such a znode, too: it can't stand and fall with a lease.
      if (entries.some(({ withdraw }) => withdraw !== undefined))
        reasons.push(`${registry}: of the dialect ${dialect.name} one znode holds all instances`);
      else return { target, entries };
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'UNWRITABLE') throw error;
      reasons.push(`${registry}: ${error.message}`);
    }
  }
  throw new RegistryError(
    'UNWRITABLE',
    reasons.length === 0
      ? 'there is no such registry on the ensemble of the control plane'
      : reasons.join('; '),
  );
}

/** Where members are numbered, the id is the lease's alone: ZooKeeper says what the endpoint is called. */
function encoded(
  dialect: Dialect,
  root: string,
  { id, ...registration }: Registration & { readonly id: string },
  now: number,
): readonly Entry[] {
  try {
    return dialect.encode(root, { ...registration, id }, now);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'UNWRITABLE') throw error;
    const entries = dialect.encode(root, registration, now);
    if (entries[0]?.mode !== CreateMode.EPHEMERAL_SEQUENTIAL) throw error;
    return entries;
  }
}
