import { isZooKeeperError, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { RECORDS, recordPath, revisionAt } from './policy-paths.ts';
import { type PolicyRecord, parseRecord } from './policy-record.ts';

/** Records that are read at once: a megabyte each, at most. */
const AT_ONCE = 8;

/** Who has changed policies, in ZooKeeper under `/meshkeeper/audit/policies`. */
export class PolicyHistory {
  readonly #zk: ZooKeeper;

  constructor(zk: ZooKeeper) {
    this.#zk = zk;
  }

  /** The revisions whose records there are, the newest first. */
  async revisions(signal: AbortSignal): Promise<number[]> {
    try {
      const { children } = await persistently(
        this.#zk,
        () => this.#zk.children(RECORDS, { signal }),
        signal,
      );
      return children.flatMap((name) => revisionAt(name) ?? []).sort((a, b) => b - a);
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [];
      throw error;
    }
  }

  /** Records, in the order of the revisions. One that is gone, or none of ours, is left out. */
  async *read(revisions: readonly number[], signal: AbortSignal): AsyncGenerator<PolicyRecord> {
    for (let i = 0; i < revisions.length; i += AT_ONCE) {
      const batch = revisions.slice(i, i + AT_ONCE);
      for (const record of await Promise.all(batch.map((each) => this.one(each, signal))))
        if (record !== undefined) yield record;
    }
  }

  /** As `read`, all at once. */
  async all(revisions: readonly number[], signal: AbortSignal): Promise<PolicyRecord[]> {
    const records: PolicyRecord[] = [];
    for await (const record of this.read(revisions, signal)) records.push(record);
    return records;
  }

  /** One record; undefined when it is gone, or none of ours. */
  async one(revision: number, signal: AbortSignal): Promise<PolicyRecord | undefined> {
    try {
      const { data } = await persistently(
        this.#zk,
        () => this.#zk.get(recordPath(revision), { signal }),
        signal,
      );
      return parseRecord(data, revision);
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return undefined;
      throw error;
    }
  }
}
