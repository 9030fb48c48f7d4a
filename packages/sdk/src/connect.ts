import { hostname } from 'node:os';
import { connect as connectZooKeeper } from '@meshkeeper/zookeeper';
import { type ConnectOptions, parseOptions } from './connect/connect-options.ts';
import { zooKeeperLeases } from './leases/zookeeper-leases.ts';
import { Mesh } from './mesh.ts';
import { zooKeeperRegistry } from './register/zookeeper-registry.ts';
import type { SignalOption } from './stream/within.ts';

/**
 * Takes part in the mesh. Resolves when the control plane has answered; or, where none does, with what was known
 * another time, if that was kept (`cacheDir`).
 * @throws SdkError INVALID_ARGUMENT, NOT_CONNECTED with what to do; the signal's reason
 */
export async function connect(
  options: ConnectOptions = {},
  { signal }: SignalOption = {},
): Promise<Mesh> {
  signal?.throwIfAborted();
  const settings = parseOptions(options, process.env);
  const { zookeeper, sessionTimeout, dialect, root, logger } = settings;
  const zk = await connectZooKeeper({
    ...{ connect: zookeeper ?? '', sessionTimeout, logger },
    ...{ background: true, onExpired: 'renew' },
  });
  const mesh = new Mesh({
    ...{ settings, zk },
    registry: zooKeeperRegistry({ zk, dialect, root, logger }),
    leases: zooKeeperLeases(zk, `${hostname()}:${process.pid}`),
  });
  try {
    await mesh.ready(signal);
    return mesh;
  } catch (error) {
    await mesh.close();
    throw error;
  }
}
