import { readFileSync } from 'node:fs';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ZooKeeperServerError } from '../server-error.ts';

const NAME = 'server.lock';

/**
 * When a process started, in whatever unit the system has: tells a process from a later one with
 * the same id. Empty where the system does not say.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(owner: string): boolean {
  const [pid, start] = owner.split(' ');
  const id = Number(pid);
  if (!Number.isInteger(id) || id <= 0) return false;
  try {
    process.kill(id, 0);
  } catch (error) {
    // EPERM: it is there, but another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(id);
  return !start || !now || start === now;
}

/** Keeps two servers from writing to one data directory. */
export class LockFile {
  readonly #path: string;
  #released = false;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes the lock; one that a dead process left behind is taken over.
   *
   * @throws ZooKeeperServerError `data-locked` that names the process.
   */
  static async acquire(dir: string): Promise<LockFile> {
    const path = join(dir, NAME);
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await create(path)) return new LockFile(path);
      const owner = await readFile(path, 'utf8').catch(() => undefined);
      if (owner === undefined) continue;
      if (isAlive(owner)) throw locked(dir, owner);
      await removeStale(path, owner);
    }
    throw locked(dir, await readFile(path, 'utf8').catch(() => ''));
  }

  /** Idempotent. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await unlink(this.#path).catch(() => {});
  }
}

async function create(path: string): Promise<boolean> {
  // Written aside first: a lock that is there says whose it is.
  const own = `${path}.${process.pid}`;
  const handle = await open(own, 'w');
  await handle.writeFile(`${process.pid} ${startOf(process.pid)}`);
  await handle.close();
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await unlink(own);
  }
}

/** Removes the lock of `owner`, and no other that came in its place meanwhile. */
async function removeStale(path: string, owner: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return; // Somebody else has removed it.
  }
  if ((await readFile(aside, 'utf8')) !== owner) await link(aside, path).catch(() => {});
  await unlink(aside);
}

function locked(dir: string, owner: string) {
  const pid = owner.split(' ')[0] || 'unknown';
  return new ZooKeeperServerError(
    'data-locked',
    `The data directory ${dir} is in use by process ${pid}. Stop that server, or give another directory.`,
  );
}
