import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, runKazoo, until } from '@meshkeeper/testbed';
import type { ZooKeeper } from '@meshkeeper/zookeeper';

/** kazoo's own locks, and one with the names of Curator's mutex. */
export type KazooLockKind = 'shared' | 'lock' | 'read' | 'write';

/** Runs a script of this folder. */
export function runScript(
  name: 'holder' | 'contender',
  args: readonly string[],
  timeout?: number,
): Promise<CommandResult> {
  const script = ['locks', 'ledger', name]
    .map((file) => readFileSync(join(import.meta.dirname, `${file}.py`), 'utf8'))
    .join('\n');
  return runKazoo({ script, args, timeout });
}

/** A kazoo that holds a lock, or waits for it. */
export interface KazooHolder {
  /** Resolves when it has the lock. */
  holds(): Promise<void>;
  /** Asks for the lock, and waits until it is given back. */
  release(): Promise<void>;
}

/** Starts a kazoo that asks for a lock. */
export function startHolder(
  zk: ZooKeeper,
  connect: string,
  kind: KazooLockKind,
  path: string,
): KazooHolder {
  const flag = `/flags${path}-${kind}`;
  const run = runScript('holder', [connect, kind, path, flag]);
  run.catch(() => {});
  return {
    holds: async () => {
      await until(async () => (await zk.exists(flag)) !== null);
    },
    async release() {
      await zk.delete(flag);
      const { code, stderr } = await run;
      if (code !== 0) throw new Error(stderr);
    },
  };
}
