import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { ensembleOf } from '../config/schema.ts';
import type { ControlPlaneOptions } from '../control-plane.ts';
import { ControlPlaneError } from '../control-plane-error.ts';

/**
 * The client of the control plane's own ensemble.
 * @param restored there is something to be served until ZooKeeper is there
 * @throws ControlPlaneError ZOOKEEPER_UNREACHABLE; the signal's reason
 */
export async function reachZooKeeper(
  { config, logger, connectTimeout = 10_000 }: ControlPlaneOptions,
  restored: boolean,
  signal: AbortSignal | undefined,
): Promise<ZooKeeper> {
  const servers = ensembleOf(config);
  const { sessionTimeout } = config.zookeeper;
  if (restored)
    return connect(
      { connect: servers, sessionTimeout, background: true, onExpired: 'renew', logger },
      { signal },
    );
  const late = AbortSignal.timeout(connectTimeout);
  try {
    return await connect(
      { connect: servers, sessionTimeout, onExpired: 'renew', logger },
      { signal: signal === undefined ? late : AbortSignal.any([signal, late]) },
    );
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new ControlPlaneError(
      'ZOOKEEPER_UNREACHABLE',
      `no ZooKeeper server answered at ${servers} within ${connectTimeout / 1000} s: start it, or say where it is with --zookeeper host:port`,
      { cause },
    );
  }
}
