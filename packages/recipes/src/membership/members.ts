import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { acrossSessions } from '../znode/across-sessions.ts';

/** Children and their data, by name. */
export type Members = ReadonlyMap<string, Buffer>;

/** Between two looks at a server that has no recursive watches, in milliseconds. */
const POLL = 2_000;

/**
 * The children of a znode with their data, at once and whenever they have changed; the latest if
 * they change fast. A znode that isn't there has none. Ends with the signal, or with the client.
 */
export async function* watchMembers(
  zk: ZooKeeper,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Members, void, void> {
  if (signal?.aborted) return;
  const watch = await acrossSessions(
    zk,
    () => zk.addWatch(path, { recursive: true, poll: POLL, signal }),
    signal,
  );
  const stop = () => void watch.close().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    let members = await readAll(zk, path, signal);
    yield members;
    for await (const events of watch.batches()) {
      const before = members;
      const names = new Set<string>();
      for (const event of events) {
        if (event.type === 'reset') members = await readAll(zk, path, signal);
        else if (event.path === path) continue;
        else names.add(event.path.slice(path === '/' ? 1 : path.length + 1));
      }
      // What is below a child is no business of ours.
      const changed = [...names].filter((name) => !name.includes('/'));
      if (changed.length > 0) members = await refresh(zk, path, members, changed, signal);
      if (members !== before) yield members;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await watch.close();
  }
}

async function readAll(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Members> {
  try {
    const list = () => zk.children(path, { signal });
    const { children } = await acrossSessions(zk, list, signal);
    return await refresh(zk, path, new Map(), children, signal);
  } catch (error) {
    if (isZooKeeperError(error, 'NO_NODE')) return new Map();
    throw error;
  }
}

async function refresh(
  zk: ZooKeeper,
  path: string,
  before: Members,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Members> {
  const members = new Map(before);
  const read = async (name: string) => {
    try {
      const get = () => zk.get(joinPath(path, name), { signal });
      members.set(name, (await acrossSessions(zk, get, signal)).data);
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      members.delete(name);
    }
  };
  await Promise.all(names.map(read));
  return members;
}
