import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Holds a folder as a lock between processes, so that only one of them does the work. It waits as
 * long as the holder lives. It is a courtesy: two holders, possible when both replace a dead one
 * in the same moment, do the work twice but do not disturb each other, since each installation is
 * put in place by one rename.
 */
export async function withLock<T>(
  dir: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const owner = join(dir, 'pid');
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      await mkdir(dir);
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (await isAbandoned(dir, owner)) await rm(dir, { recursive: true, force: true });
    else await wait(100, undefined, { signal: options.signal });
  }
  try {
    await writeFile(owner, String(process.pid));
    return await work();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function isAbandoned(dir: string, owner: string): Promise<boolean> {
  const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
  if (pid) return !isAlive(pid);
  // Between making the folder and writing the pid; a second is plenty.
  const made = await stat(dir).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs > 1_000;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
