import type { Dialect } from '@meshkeeper/registries';
import type { Logger } from '@meshkeeper/zookeeper';
import { type Config, ensembleOf } from '../config/schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import { Ensembles } from '../registries/ensembles.ts';
import type { OpenRule } from './mirrors.ts';

/**
 * How much longer than the leader's the session of what it mirrors is: when a leader dies, another is
 * there before that is gone.
 */
const SESSIONS = 3;

/**
 * The rules of `mirror:`, each with its dialect and its root.
 * @param stack ends their sessions
 * @throws ControlPlaneError INVALID_CONFIG for a dialect that nobody brings, and for a root that is missing
 */
export function openMirrors(
  config: Config,
  dialects: ReadonlyMap<string, Dialect>,
  stack: AsyncDisposableStack,
  logger: Logger,
): OpenRule[] {
  const main = ensembleOf(config);
  const sessionTimeout = SESSIONS * config.zookeeper.sessionTimeout;
  const ensembles = stack.use(new Ensembles({ sessionTimeout, logger }));
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
    const client = () => ensembles.client(connect);
    return { rule, dialect, root, home: home.map((at) => at.name), client };
  });
}
