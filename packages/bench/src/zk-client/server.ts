import { startZooKeeper, type ZooKeeperServer } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { MADE, NODES, VALUE_SIZE, WATCHES } from './plan.ts';

/**
 * A real ZooKeeper that is as little of what is measured as possible: writes don't wait for the disk,
 * no snapshot comes in between, and its code is compiled as well as the JVM can.
 */
export function startServer(signal: AbortSignal): Promise<ZooKeeperServer> {
  return startZooKeeper({
    config: { snapCount: 100_000_000, globalOutstandingLimit: 10_000 },
    properties: { 'zookeeper.forceSync': 'no' },
    jvm: ['-XX:TieredStopAtLevel=4', '-Xmx2g'],
    signal,
  });
}

/** Another connection to the server, which makes the znodes and changes them. */
export class Writer implements AsyncDisposable {
  readonly #zk: ZooKeeper;

  private constructor(zk: ZooKeeper) {
    this.#zk = zk;
  }

  /** Makes the znodes, `count` of them. */
  static async connect(server: string, signal: AbortSignal, count = WATCHES): Promise<Writer> {
    const zk = await connect({ connect: server }, { signal });
    const data = Buffer.alloc(VALUE_SIZE);
    await zk.create(MADE, null, { parents: true });
    await zk.create(NODES);
    const made = Array.from({ length: count }, (_, i) => zk.create(`${NODES}/${i}`, data));
    await Promise.all(made);
    return new Writer(zk);
  }

  /** Changes the first `count` znodes, in transactions of a thousand: quicker than watches fire. */
  async change(count: number): Promise<void> {
    const data = Buffer.alloc(VALUE_SIZE);
    const transactions: Promise<unknown>[] = [];
    for (let at = 0; at < count; at += 1000) {
      const paths = Array.from(
        { length: Math.min(1000, count - at) },
        (_, i) => `${NODES}/${at + i}`,
      );
      transactions.push(this.#zk.multi(paths.map((path) => ({ op: 'set' as const, path, data }))));
    }
    await Promise.all(transactions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#zk.close();
  }
}
