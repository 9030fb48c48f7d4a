import { hostname } from 'node:os';
import { connect as connectZooKeeper } from '@meshkeeper/zookeeper';
import { ApiClient } from './api/api-client.ts';
import { type ConnectOptions, parseOptions } from './connect/connect-options.ts';
import { findXds } from './connect/find-xds.ts';
import { apiLeases } from './leases/api-leases.ts';
import { zooKeeperLeases } from './leases/zookeeper-leases.ts';
import { Mesh } from './mesh.ts';
import { apiRegistry } from './register/api-registry.ts';
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
  const { zookeeper, sessionTimeout, dialect, root, logger, servers, token } = settings;
  const api = new ApiClient(servers, token);
  const xds = await findXds(settings, api, signal);
  const holder = `${hostname()}:${process.pid}`;
  if (zookeeper === undefined) {
    const registry = apiRegistry(api, sessionTimeout, logger);
    const parts = { registry, leases: apiLeases(api, holder) };
    return begun(new Mesh({ settings, xds, zk: undefined, ...parts }), signal);
  }
  const zk = await connectZooKeeper({
    ...{ connect: zookeeper, sessionTimeout, logger },
    ...{ background: true, onExpired: 'renew' },
  });
  const registry = zooKeeperRegistry({ zk, dialect, root, logger });
  const leases = zooKeeperLeases(zk, holder);
  return begun(new Mesh({ settings, xds, zk, registry, leases }), signal);
}

async function begun(mesh: Mesh, signal: AbortSignal | undefined): Promise<Mesh> {
  try {
    await mesh.ready(signal);
    return mesh;
  } catch (error) {
    await mesh.close();
    throw error;
  }
}
