import { isZooKeeperError, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { NamespacePaths } from './paths.ts';
import { type DraftRecord, type Pointer, parse } from './records.ts';

/** A namespace as it was read, with what a write has to be based on. */
export interface NamespaceState {
  readonly pointer: Pointer;
  readonly draft: DraftRecord | undefined;
  /** The version of the chunks' parent, which each write sets. */
  readonly fence: number;
  /** Of the last writes. */
  readonly marks: readonly string[];
}

/** Writes of which it can be told whether they were made. */
const MARKS = 64;

export const NEW_POINTER: Pointer = { public: false, last: 0, grays: [] };

/** What the fence holds after a write. */
export function encodeMarks(marks: readonly string[], mark: string): string {
  return [...marks, mark].slice(-MARKS).join(' ');
}

/** The namespace as this server has it, behind what was written before; undefined when there is none. */
export async function readState(
  zk: ZooKeeper,
  paths: NamespacePaths,
  signal: AbortSignal,
): Promise<NamespaceState | undefined> {
  const read = await persistently(
    zk,
    async () => {
      // In order: what is written after the fence was read makes the write that follows fail.
      const [, fence, pointer, draft] = await Promise.all([
        zk.sync(paths.pointer, { signal }),
        absent(zk.get(paths.content, { signal })),
        absent(zk.get(paths.pointer, { signal })),
        absent(zk.get(paths.draft, { signal })),
      ]);
      return { fence, pointer, draft };
    },
    signal,
  );
  const { fence, pointer, draft } = read;
  if (fence === undefined || pointer === undefined) return undefined;
  return {
    pointer:
      pointer.data.length === 0 ? NEW_POINTER : parse('pointer', pointer.data, paths.pointer),
    draft: draft === undefined ? undefined : parse('draft', draft.data, paths.draft),
    fence: fence.stat.version,
    marks: fence.data.toString().split(' '),
  };
}

/** What is read, or undefined when the znode isn't there. */
export async function absent<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return undefined;
    throw error;
  }
}
