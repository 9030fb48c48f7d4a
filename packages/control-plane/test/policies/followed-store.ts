import { after, before, describe, test } from 'node:test';
import { policyId } from '@meshkeeper/policy';
import { startZooKeeper, until } from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { PolicyStore, type PolicyStoreOptions } from '../../src/policies/policy-store.ts';
import type { PolicyList } from '../../src/policies/policy-tree.ts';

const logger = { debug() {}, info() {}, warn() {} };
/** Who says nothing of himself. */
export const NOBODY = {};
/** The policy that most of the tests are about. */
export const REF = { kind: 'HTTPRoute', name: 'shop' } as const;
/** Longer than anything takes. */
export const soon = () => AbortSignal.timeout(20_000);

/** A store that is followed, with all that it has told. */
export class Followed implements AsyncDisposable {
  readonly store: PolicyStore;
  readonly told: PolicyList[] = [];
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(options: Omit<PolicyStoreOptions, 'logger'>) {
    this.store = new PolicyStore({ logger, ...options });
    this.#following = this.#follow();
  }

  get list(): PolicyList | undefined {
    return this.told.at(-1);
  }

  /** Waits until it has told of a revision. */
  async at(revision: number): Promise<PolicyList> {
    return until(() => this.told.find((list) => list.revision >= revision), {
      message: `revision ${revision} is told`,
    });
  }

  async #follow(): Promise<void> {
    for await (const list of this.store.changes(this.#stop.signal)) this.told.push(list);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}

/** Of a list. */
export const ids = (list: PolicyList | undefined) =>
  list?.policies.map(({ policy }) => policyId(policy));
/** Of an apply. */
export const outcomes = ({ changes }: { changes: readonly { outcome: string }[] }) =>
  changes.map(({ outcome }) => outcome).join();

const SERVERS = {
  'the embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
  'Apache ZooKeeper': () => startZooKeeper(),
};

/** A tree of its own on a server. */
export interface Place {
  /** Its root on the server. */
  readonly root: string;
  /** The server, for proxies in front of it. */
  readonly target: ReturnType<typeof parseConnectString>['hosts'][number];
  readonly zk: ZooKeeper;
  /** Another session at it. */
  another(): Promise<ZooKeeper>;
}

/** Registers a test. */
type Check = (name: string, body: (place: Place) => Promise<void>) => void;

/** The same tests on either server. */
export function onBothServers(what: string, checks: (check: Check) => void): void {
  for (const [name, start] of Object.entries(SERVERS))
    describe(`${what} on ${name}`, () => {
      let server: Awaited<ReturnType<typeof start>>;
      let admin: ZooKeeper;
      let count = 0;
      before(async () => {
        server = await start();
        admin = await connect({ connect: server.connect });
      });
      after(async () => {
        await admin?.close();
        await server?.close();
      });
      checks((title, body) =>
        test(title, async () => {
          const root = `/t${++count}`;
          await admin.create(root);
          const servers = `${server.connect}${root}`;
          await using zk = await connect({ connect: servers, onExpired: 'renew' });
          const target = parseConnectString(server.connect).hosts[0]!;
          await body({ root, target, zk, another: () => connect({ connect: servers }) });
        }),
      );
    });
}
