import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';

/** Writes that a tree may refuse, as it stands. */
const refusals = ['NO_NODE', 'NODE_EXISTS', 'NOT_EMPTY'] as const;

/**
 * Fifty rounds of random writes at once at and below `root`, the same for the same seed. `round`
 * sets them off with `write`, which resolves when all are done.
 */
export async function writeInRounds(
  zk: ZooKeeper,
  root: string,
  seed: number,
  round: (number: number, write: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const random = generator(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const writeOne = async (): Promise<void> => {
    const parts = Array.from({ length: pick(4) }, () => `n${pick(3)}`);
    const path = [root, ...parts].join('/');
    const writes = [
      () => zk.create(path, `${random()}`),
      () => zk.set(path, `${random()}`),
      () => zk.delete(path),
    ];
    try {
      await writes[pick(writes.length)]!();
    } catch (error) {
      if (!refusals.some((code) => isZooKeeperError(error, code))) throw error;
    }
  };
  for (let number = 0; number < 50; number++)
    await round(number, async () => {
      await Promise.all(Array.from({ length: 5 + pick(40) }, writeOne));
    });
}

/** Mulberry32: the same numbers at each run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
