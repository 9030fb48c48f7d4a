import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** Starts what the tests of one `describe` run on. */
export type StartServer = () => Promise<{ readonly connect: string; close(): Promise<void> }>;

/** The recipes keep their promises on both, and on an ensemble: see `ensemble.test.ts`. */
export const servers: Record<string, StartServer> = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};

/** Tests that are imported from now on run on this one alone. */
export function runOnlyOn(name: string, start: StartServer): void {
  for (const other of Object.keys(servers)) delete servers[other];
  servers[name] = start;
}
