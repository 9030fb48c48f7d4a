import type { Dialect } from '@meshkeeper/registries';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type Config, ensembleOf } from '../config/schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import type { OpenRule } from './mirrors.ts';

/**
 * The rules of `mirror:`, each with its dialect and its root.
 * @param client a client, by connect string, whose session outlives that of the leader
 * @throws ControlPlaneError INVALID_CONFIG for a dialect that nobody brings, and for a root that is missing
 */
export function openMirrors(
  config: Config,
  dialects: ReadonlyMap<string, Dialect>,
  client: (connect: string) => Promise<ZooKeeper>,
): OpenRule[] {
  const main = ensembleOf(config);
  return config.mirror.map((rule) => {
    const { to, name } = rule;
    const dialect = dialects.get(to.dialect);
    const root = to.root ?? dialect?.defaultRoot;
    if (dialect === undefined || root === undefined)
      throw new ControlPlaneError(
        'INVALID_CONFIG',
        dialect === undefined
          ? `mirror: "${name}" writes the dialect "${to.dialect}", which nobody brings: there are ${[...dialects.keys()].join(', ')}`
          : `mirror: "${name}" needs a root: its dialect "${to.dialect}" has none of its own`,
      );
    const connect = to.zookeeper?.connect ?? main;
    const home = config.registries.filter(
      (registry) =>
        (registry.zookeeper?.connect ?? main) === connect &&
        (registry.root ?? dialects.get(registry.dialect)?.defaultRoot) === root,
    );
    return { rule, dialect, root, home: home.map((at) => at.name), client: () => client(connect) };
  });
}
