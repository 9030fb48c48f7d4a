import { randomUUID } from 'node:crypto';
import { type Data, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { AcquireOptions } from '../lease/acquire-options.ts';
import { localAddress } from '../znode/local-address.ts';
import { type Members, watchMembers } from './members.ts';
import { PersistentNode } from './persistent-node.ts';

/** What `GroupMember` takes. */
export interface GroupMemberOptions {
  /** Its name among the members. Default: a random UUID. */
  readonly id?: string;
  /** What the others read of it. Default: this machine's address, as Curator. */
  readonly data?: Data;
}

/**
 * A member of a group from its construction to `close`, or to the end of its session: an ephemeral
 * `<path>/<id>` that is kept alive as a `PersistentNode`. Of two with the same id the newer one is the
 * member. Shared with Curator's `GroupMember` on the same path.
 */
export class GroupMember implements AsyncDisposable {
  readonly path: string;
  readonly id: string;
  readonly #zk: ZooKeeper;
  readonly #node: PersistentNode;

  constructor(zk: ZooKeeper, path: string, options: GroupMemberOptions = {}) {
    const { id = randomUUID(), data = localAddress() } = options;
    this.#zk = zk;
    this.path = path;
    this.id = id;
    this.#node = new PersistentNode(zk, joinPath(path, id), data);
  }

  /** Waits until the others can see it. */
  async joined(options: AcquireOptions = {}): Promise<void> {
    await this.#node.ready(options);
  }

  async setData(data: Data): Promise<void> {
    await this.#node.setData(data);
  }

  /**
   * All members with their data, by id, as ZooKeeper has them: at once and whenever they have
   * changed. Without joining: `watchMembers`.
   */
  members({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<Members> {
    return watchMembers(this.#zk, this.path, signal);
  }

  /** Leaves the group. Idempotent. */
  async close(): Promise<void> {
    await this.#node.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
