export { seeded } from '../../../jute/test/fuzz/seeded.ts';

import { CreateMode, type ZooKeeper, ZooKeeperError } from '../../src/index.ts';

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
