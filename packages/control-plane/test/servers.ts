import { describe } from 'node:test';
import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** Starts what the tests of one `describe` run on. */
export type StartServer = () => Promise<Server>;

interface Server extends AsyncDisposable {
  readonly connect: string;
  close(): Promise<void>;
}

/** Quick, and with short sessions. */
export const startEmbedded = () => startZooKeeperServer({ port: 0, tickTime: 200 });

/** What the API promises, it promises on both. */
export const SERVERS: Readonly<Record<string, StartServer>> = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'embedded server': startEmbedded,
};

/** The same tests on each server, at the same time. */
export function onServers(title: string, tests: (start: StartServer) => void): void {
  describe(title, { concurrency: true }, () => {
    for (const [name, start] of Object.entries(SERVERS))
      describe(`on ${name}`, { concurrency: 1 }, () => tests(start));
  });
}
