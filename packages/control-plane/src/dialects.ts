import type { RegistrySource } from '@meshkeeper/mesh';
import { CuratorSource } from '@meshkeeper/registries';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Config } from './config/schema.ts';

/** One entry of `registries:`. */
type RegistryConfig = Config['registries'][number];

/** How each dialect's source is made. Spring Cloud Zookeeper writes Curator's format. */
const dialects: Readonly<
  Record<RegistryConfig['dialect'], (config: RegistryConfig, zk: ZooKeeper) => RegistrySource>
> = {
  curator: ({ name, root }, zk) => new CuratorSource({ name, root, zk }),
  spring: ({ name, root }, zk) => new CuratorSource({ name, root, zk }),
};

/** The source of a configured registry. */
export function openRegistry(config: RegistryConfig, zk: ZooKeeper): RegistrySource {
  return dialects[config.dialect](config, zk);
}
