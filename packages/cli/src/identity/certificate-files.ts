import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What goes into a folder: all of PEM. */
export interface CertificateFiles {
  /** Undefined where somebody else has the key. */
  readonly key?: string | undefined;
  readonly bundle: string;
  readonly certificate: string;
}

/** In the order in which they are written: whoever waits for a new certificate finds its key beside it. */
const FILES = [
  { name: 'key.pem', part: 'key', mode: 0o600 },
  { name: 'bundle.pem', part: 'bundle', mode: 0o644 },
  { name: 'cert.pem', part: 'certificate', mode: 0o644 },
] as const;

/**
 * Writes a certificate and what goes with it into a folder: each file is the old one or the new one, whole,
 * at any moment. Of the key nobody but its owner may read anything, at no moment.
 * @returns the files
 */
export async function writeCertificate(
  folder: string,
  files: CertificateFiles,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const { name, part, mode } of FILES) {
    const text = files[part];
    if (text === undefined) continue;
    const path = join(folder, name);
    const unfinished = `${path}.${process.pid}.tmp`;
    await rm(unfinished, { force: true }); // left by a process of the same number
    try {
      // Not opened where somebody else has put one: its mode would be theirs.
      const file = await open(unfinished, 'wx', mode);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    written.push(path);
  }
  return written;
}
