import { CreateMode, connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Mutex, PersistentNode } from '../../src/index.ts';
import { Ledger } from './ledger.ts';

const ROOT = '/crowd';
const SIZE = 200;
const LOCKS = 20;

/** One of a crowd: a session with ephemerals, a watch, and a lock that it has or waits for. */
export class Session {
  readonly zk: ZooKeeper;
  readonly name: string;
  /** Whether it goes on in a new session, and keeps a znode across them. */
  readonly renews: boolean;
  /** Events that it was told of. */
  events = 0;
  /** How often it has had its lock, or has had to give up waiting for it. */
  rounds = 0;
  /** What its wait for the lock ended with. */
  end: unknown;
  readonly #over = Promise.withResolvers<void>();
  readonly #ledger: Ledger;
  readonly #lock: Mutex;
  #node: PersistentNode | undefined;
  #running: Promise<void> | undefined;

  constructor(zk: ZooKeeper, name: string, renews: boolean, lock: Mutex, ledger: Ledger) {
    this.zk = zk;
    this.name = name;
    this.renews = renews;
    this.#lock = lock;
    this.#ledger = ledger;
    zk.onState(({ type }) => {
      if (type === 'expired') this.#over.resolve();
    });
  }

  /** Resolves when its first session is gone. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get sessionId(): bigint | undefined {
    const { state } = this.zk;
    return state.type === 'connected' ? state.sessionId : undefined;
  }

  async start(): Promise<void> {
    const listener = () => {
      this.events++;
    };
    await this.zk.addWatch(`${ROOT}/data`, { listener });
    await this.zk.create(`${ROOT}/plain/${this.name}`, null, { mode: CreateMode.EPHEMERAL });
    if (this.renews) {
      this.#node = new PersistentNode(this.zk, `${ROOT}/kept/${this.name}`, this.name);
      await this.#node.ready();
    }
    this.#running = this.#run();
  }

  /** Keeps the lock as long as the session, and in the next session gives it back at once. */
  async #run(): Promise<void> {
    for (this.rounds = 0; this.rounds < (this.renews ? 2 : 1); this.rounds++) {
      try {
        const lease = await this.#lock.acquire();
        this.#ledger.granted(this.name, lease);
        const { promise, resolve } = Promise.withResolvers<void>();
        lease.signal.addEventListener('abort', () => resolve());
        if (this.rounds === 0 && !lease.signal.aborted) await promise;
        this.end = lease.signal.reason;
        await lease.release();
      } catch (error) {
        this.end = error;
      }
      // The next round is the next session's.
      await this.#over.promise;
    }
  }

  async close(): Promise<void> {
    await this.#node?.close();
    await this.zk.close();
    await this.#running;
  }
}

/** Two hundred sessions, ten of which want each lock; every other one renews itself. */
export class Crowd implements AsyncDisposable {
  readonly root = ROOT;
  readonly sessions: readonly Session[];
  /** What was granted of each lock. */
  readonly locks: readonly Ledger[];

  private constructor(sessions: readonly Session[], locks: readonly Ledger[]) {
    this.sessions = sessions;
    this.locks = locks;
  }

  static async gather(zk: ZooKeeper, servers: string): Promise<Crowd> {
    for (const path of ['plain', 'kept', 'locks', 'data'])
      await zk.create(`${ROOT}/${path}`, null, { parents: true });
    const locks = Array.from({ length: LOCKS }, () => new Ledger());
    const open = async (i: number) => {
      const renews = i % 2 === 1;
      const onExpired = renews ? 'renew' : 'close';
      const own = await connect({ connect: servers, sessionTimeout: 3000, onExpired });
      const lock = Math.floor(i / (SIZE / LOCKS));
      const mutex = new Mutex(own, `${ROOT}/locks/${lock}`);
      return new Session(own, `${i}`, renews, mutex, locks[lock]!);
    };
    const sessions = await Promise.all(Array.from({ length: SIZE }, (_, i) => open(i)));
    await Promise.all(sessions.map((session) => session.start()));
    return new Crowd(sessions, locks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }
}
