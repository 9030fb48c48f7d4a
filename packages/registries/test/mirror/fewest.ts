import type { ZooKeeper } from '@meshkeeper/zookeeper';

/**
 * Looks all the time how many children a znode has, until it is disposed of, so that a test that fails
 * ends: a moment without one of them is seen.
 */
export function watchFewest(zk: ZooKeeper, path: string) {
  const stop = new AbortController();
  let fewest = Number.POSITIVE_INFINITY;
  const looking = (async () => {
    while (!stop.signal.aborted)
      fewest = Math.min(fewest, (await zk.children(path)).children.length);
  })();
  looking.catch(() => {}); // `fewest` throws it
  return {
    async fewest(): Promise<number> {
      stop.abort();
      await looking;
      return fewest;
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}
