import type { RegistrySource } from '@meshkeeper/mesh';
import { DIALECTS, TreeSource } from '@meshkeeper/registries';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Config } from './config/schema.ts';

/** One entry of `registries:`. */
type RegistryConfig = Config['registries'][number];

/** The source of a configured registry. */
export function openRegistry(
  { name, dialect, root }: RegistryConfig,
  zk: ZooKeeper,
): RegistrySource {
  const known = DIALECTS.get(dialect);
  if (known === undefined) throw new Error(`no dialect is called ${dialect}`);
  return new TreeSource({ name, dialect: known, root, zk });
}
