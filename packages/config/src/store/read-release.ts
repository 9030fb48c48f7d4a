import { isZooKeeperError, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type NamespacePaths, releaseAt } from './paths.ts';
import { parse, type ReleaseRecord } from './records.ts';

/** Records that are read in one request. */
const AT_ONCE = 100;

/** A release's record; undefined when there is none, or it is not kept any more. */
export async function readRelease(
  zk: ZooKeeper,
  paths: NamespacePaths,
  number: number,
  signal: AbortSignal,
): Promise<ReleaseRecord | undefined> {
  const [record] = await readReleases(zk, paths, [number], signal);
  return record;
}

/** The records that there are, in the order of the numbers. */
export async function readReleases(
  zk: ZooKeeper,
  paths: NamespacePaths,
  numbers: readonly number[],
  signal: AbortSignal,
): Promise<ReleaseRecord[]> {
  const records: ReleaseRecord[] = [];
  for (let i = 0; i < numbers.length; i += AT_ONCE) {
    const reads = numbers
      .slice(i, i + AT_ONCE)
      .map((number) => ({ op: 'get', path: paths.release(number) }) as const);
    const read = await persistently(zk, () => zk.multiRead(reads, { signal }), signal);
    for (const result of read)
      if (result.ok) records.push(parse('release', result.data, result.path));
      else if (result.error.code !== 'NO_NODE') throw result.error;
  }
  return records;
}

/** The numbers of the releases that are kept, the newest first. */
export async function releaseNumbers(
  zk: ZooKeeper,
  paths: NamespacePaths,
  signal: AbortSignal,
): Promise<number[]> {
  try {
    const { children } = await persistently(
      zk,
      () => zk.children(paths.releases, { signal }),
      signal,
    );
    return children.flatMap((name) => releaseAt(name) ?? []).sort((a, b) => b - a);
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return [];
    throw error;
  }
}
