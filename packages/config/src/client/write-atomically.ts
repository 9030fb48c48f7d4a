import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';

/** What a new file is like. */
export interface WriteOptions {
  /** Of a file that isn't there yet; one that is keeps its own, and its owner. Default 0644. */
  readonly mode?: number;
}

/**
 * Replaces a file as a whole: who reads it sees the old or the new, also after a crash. A link stays a
 * link: what it points to is replaced.
 */
export async function writeAtomically(
  path: string,
  data: string | Uint8Array,
  { mode = 0o644 }: WriteOptions = {},
): Promise<void> {
  const file = await realpath(path).catch(() => path);
  const old = await stat(file).catch(() => undefined);
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await using handle = await open(temporary, 'wx', 0o600);
    await handle.writeFile(data);
    // What the process's umask takes from a mode is only for new files.
    await handle.chmod(old === undefined ? mode & ~process.umask() : old.mode & 0o7777);
    if (old !== undefined && old.uid !== process.getuid?.())
      await handle.chown(old.uid, old.gid).catch(() => {}); // root alone may
    await handle.datasync();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
