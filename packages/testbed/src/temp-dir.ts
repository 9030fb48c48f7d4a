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
  const atExit = () => rmSync(path, { recursive: true, force: true });
  process.on('exit', atExit);
  const close = async () => {
    process.off('exit', atExit);
    // A server that was killed a moment ago may still be letting go of a file.
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  return { path, close, [Symbol.asyncDispose]: close };
}
