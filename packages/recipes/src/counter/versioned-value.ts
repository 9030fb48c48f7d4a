import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { retrying } from '../znode/retry.ts';

/** A znode's bytes as they were read; no data and version -1 when there is no znode. */
export interface Versioned {
  readonly data: Buffer | undefined;
  readonly version: number;
}

/** Gives up waiting. */
export interface SignalOption {
  readonly signal?: AbortSignal | undefined;
}

/** Reads a znode that may not be there. */
export async function read(zk: ZooKeeper, path: string, signal?: AbortSignal): Promise<Versioned> {
  try {
    const { data, stat } = await retrying(() => zk.get(path, { signal }), signal);
    return { data, version: stat.version };
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return { data: undefined, version: -1 };
    throw error;
  }
}

/**
 * Replaces what was read, or creates what was not there: once, however often the connection breaks.
 * True when it was done; false when somebody was faster.
 *
 * A write whose answer is lost is sent again with the same version, so that it can't happen twice.
 * If it is refused then, the next read tells: bytes other than ours at the next version mean that it
 * never happened. Ours there may be another's as well, and a higher version tells nothing. (All this
 * as long as nobody deletes the znode, because versions begin anew then.)
 * @throws ZooKeeperError CONNECTION_LOSS when it can't be told whether the write happened
 */
export async function replace(
  zk: ZooKeeper,
  path: string,
  before: Versioned,
  data: Buffer,
  signal?: AbortSignal,
): Promise<boolean> {
  const isNew = before.data === undefined;
  let loss: unknown;
  for (;;) {
    try {
      if (isNew) await zk.create(path, data, { parents: true, signal });
      else await zk.set(path, data, { version: before.version, signal });
      return true;
    } catch (error) {
      if (isZooKeeperError(error, 'CONNECTION_LOSS')) loss = error;
      else if (!isZooKeeperError(error, isNew ? 'NODE_EXISTS' : 'BAD_VERSION')) {
        if (isZooKeeperError(error, 'NO_NODE') && !isNew && loss === undefined) return false;
        throw loss ?? error;
      } else if (loss === undefined) return false;
      else if (await isOthers(zk, path, before, data, signal)) return false;
      else throw loss;
    }
  }
}

/** True when what stands at the version that ours would have is certainly not ours. */
async function isOthers(
  zk: ZooKeeper,
  path: string,
  before: Versioned,
  data: Buffer,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const now = await read(zk, path, signal);
  return now.version === before.version + 1 && now.data?.equals(data) === false;
}
