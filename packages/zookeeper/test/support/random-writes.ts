import { CreateMode, type ZooKeeper, ZooKeeperError } from '../../src/index.ts';

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Writes at random below a path, in one line: a small tree, so that znodes come, go and come back. */
export async function randomWrites(
  zk: ZooKeeper,
  root: string,
  count: number,
  random: () => number,
): Promise<void> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const writes = Array.from({ length: count }, async (_, i) => {
    const depth = 1 + Math.floor(random() * 3);
    const path = root + Array.from({ length: depth }, () => `/${pick(['a', 'b', 'c'])}`).join('');
    const data = `${i} ${random()}`;
    try {
      const what = random();
      if (what < 0.4) await zk.create(path, data);
      else if (what < 0.5) await zk.create(path, data, { mode: CreateMode.EPHEMERAL });
      else if (what < 0.7) await zk.delete(path);
      else if (what < 0.8)
        await zk.multi([
          { op: 'delete', path },
          { op: 'create', path, data },
        ]);
      else await zk.set(path, data);
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error; // there, or not there
    }
  });
  await Promise.all(writes);
}
