import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Check, error, Unknown, warning } from '../check.ts';

/** Bytes that should be free: a snapshot and a log have to fit beside those that are there. */
const ROOM = 64 * 1024 * 1024;
/** Bytes that are written to see whether it can be done. */
const BLOCK = 4096;

export const dataDir: Check = {
  id: 'data-dir',
  group: 'machine',
  well: 'data can be written where it is kept',
  async find(facts) {
    const { controlPlane, zookeeper } = await facts.config();
    const folders = [controlPlane.dataDir, zookeeper.embedded?.dataDir].filter(
      (folder) => folder !== undefined,
    );
    if (folders.length === 0) throw new Unknown('nothing is kept on disk');
    const findings = await Promise.all(
      folders.map(async (folder) => {
        // It is created when it is first needed.
        const there = nearest(resolve(folder));
        const file = join(there, `.meshkeeper-doctor-${randomUUID()}`);
        try {
          // Of a full disk there may be room for a name, and for no byte.
          await writeFile(file, Buffer.alloc(BLOCK)).finally(() => rm(file, { force: true }));
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          return [
            error(
              `nothing can be written to ${folder}: ${why}`,
              'let this user write there, or choose another dataDir',
            ),
          ];
        }
        const { bavail, bsize } = await statfs(there);
        return bavail * bsize >= ROOM
          ? []
          : [
              warning(
                `only ${Math.floor((bavail * bsize) / 1e6)} MB are free for ${folder}`,
                'make room: without it nothing is acknowledged',
              ),
            ];
      }),
    );
    return findings.flat();
  },
};

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}
