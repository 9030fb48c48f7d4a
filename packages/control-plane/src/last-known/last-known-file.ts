import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ControlPlaneError } from '../control-plane-error.ts';
import { decodeLine, encodeLine } from '../journal/checked-line.ts';

/** Where something is kept. */
export interface LastKnownPlace {
  readonly dataDir: string;
  /** Within it. */
  readonly folder: string;
  readonly name: string;
  /** What it is, in the plural, for who reads of a fault. */
  readonly what: string;
  /** Keeps the file before, too, should the last be damaged. Default false. */
  readonly before?: boolean;
}

/** Characters that are written in one turn of the event loop. */
const SLICE = 64 * 1024;

/**
 * What was known last, in a file that only its owner reads: lines, each with its checksum, that are written aside and
 * then take the place of those before.
 */
export class LastKnownFile {
  readonly path: string;
  readonly #before: boolean;

  private constructor(path: string, before: boolean) {
    this.path = path;
    this.#before = before;
  }

  /**
   * Makes the folder, and reads what there is.
   * @throws ControlPlaneError DATA_DIR when that can't be done
   */
  static async open<T>(
    { dataDir, folder, name, what, before = false }: LastKnownPlace,
    read: (file: LastKnownFile) => Promise<T>,
  ): Promise<{ readonly file: LastKnownFile; readonly last: T }> {
    const at = join(dataDir, folder);
    try {
      await mkdir(at, { recursive: true, mode: 0o700 });
      const file = new LastKnownFile(join(at, name), before);
      return { file, last: await read(file) };
    } catch (cause) {
      throw new ControlPlaneError(
        'DATA_DIR',
        `${what} can't be kept in ${at}: ${String(cause)}; make the folder writable, or name another with controlPlane.dataDir`,
        { cause },
      );
    }
  }

  /** What there is, the newest first: lines, each undefined that isn't as it was written. */
  async *versions(): AsyncGenerator<{
    readonly path: string;
    readonly lines: readonly (string | undefined)[];
  }> {
    for (const path of this.#before ? [this.path, `${this.path}.before`] : [this.path]) {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      if (text !== undefined) yield { path, lines: text.split('\n').slice(0, -1).map(decodeLine) };
    }
  }

  /** Replaces what there is. */
  async write(lines: Iterable<string>): Promise<void> {
    const unfinished = `${this.path}.new`;
    const file = await open(unfinished, 'w', 0o600);
    try {
      await file.chmod(0o600); // one that was left may have been another's
      let slice = '';
      for (const line of lines) {
        slice += encodeLine(line);
        if (slice.length < SLICE) continue;
        await file.appendFile(slice);
        slice = '';
        await turn();
      }
      await file.appendFile(slice);
      await file.datasync();
    } finally {
      await file.close();
    }
    // There may be none yet.
    if (this.#before) await rename(this.path, `${this.path}.before`).catch(() => {});
    await rename(unfinished, this.path);
  }
}
