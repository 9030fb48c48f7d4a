import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardFolder } from './process/guardian.ts';

/** A directory that is removed, with all it holds, when it is closed or the process exits. */
export interface TempDir extends AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
  /** Removes it. Safe to call again. */
  close(): Promise<void>;
}

/** Makes an empty directory in the system's temporary folder. */
export async function tempDir(prefix = 'meshkeeper-'): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  guardFolder(path);
  if (folders.size === 0) process.on('exit', removeAll);
  folders.add(path);
  const close = async () => {
    folders.delete(path);
    if (folders.size === 0) process.off('exit', removeAll);
    // A server that was killed a moment ago may still be letting go of a file.
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  return { path, close, [Symbol.asyncDispose]: close };
}

/** All that are there: one listener is enough for them. */
const folders = new Set<string>();

function removeAll(): void {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
}
