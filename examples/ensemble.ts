import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** A ZooKeeper to run an example on. */
export interface Ensemble extends AsyncDisposable {
  /** For `connect()`. */
  readonly connect: string;
}

/**
 * The ensemble that the first argument or the environment names; without either, an embedded server
 * that ends with the example.
 */
export async function ensemble(
  connect = process.argv[2] ?? process.env.MESHKEEPER_ZOOKEEPER_CONNECT,
): Promise<Ensemble> {
  if (connect !== undefined) return { connect, [Symbol.asyncDispose]: async () => {} };
  // Short ticks, so that an example may ask for a session that expires within a second.
  return startZooKeeperServer({ port: 0, tickTime: 200 });
}
