import { resolveOptions, type ZooKeeperServerOptions } from './options.ts';
import { ZooKeeperServer } from './server/server.ts';
import { FileStorage } from './storage/file-storage.ts';
import { MemoryStorage } from './storage/memory-storage.ts';

/**
 * Starts a single-node server that speaks ZooKeeper's protocol, and resolves when clients can
 * connect. With `dataDir` every write is on disk before it is acknowledged.
 *
 * @throws ZooKeeperServerError `port-busy`, `listen-failed`, `data-locked`, `data-corrupt`,
 *   `storage-failed`, `bad-option`; the signal's reason.
 */
export async function startZooKeeperServer(
  options: ZooKeeperServerOptions = {},
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ZooKeeperServer> {
  const resolved = resolveOptions(options);
  const { dataDir } = options;
  const storage =
    options.storage ??
    (dataDir === undefined ? new MemoryStorage() : new FileStorage(dataDir, resolved));
  return ZooKeeperServer.start(resolved, storage, signal);
}
