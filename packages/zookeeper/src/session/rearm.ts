import type { Connection } from '../connection/connection.ts';
import { requestOf } from '../connection/request.ts';
import type { WatchTable } from '../watches/watch-table.ts';
import type { ZooKeeperError } from '../zookeeper-error.ts';

/** Arms a new connection with every watch of the session; a server that refuses one is left. */
export function rearm(connection: Connection, watches: WatchTable, lastZxid: bigint): void {
  const refused = (error: ZooKeeperError) => {
    // Without its watches the session is deaf: begin again with another connection.
    if (error.code !== 'CONNECTION_LOSS') connection.destroy(error);
  };
  for (const batch of watches.rearm(lastZxid)) {
    const { persistent, persistentRecursive, ...old } = batch;
    const isNew = persistent.length > 0 || persistentRecursive.length > 0;
    connection.send(
      isNew
        ? requestOf('setWatches2', batch, undefined, () => {}, refused)
        : requestOf('setWatches', old, undefined, () => {}, refused),
    );
  }
}
