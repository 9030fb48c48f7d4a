import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writer } from '@meshkeeper/jute';
import { syncDirectory } from './data-files.ts';
import { block, encodeHeader, endBlock, writeNode } from './snapshot-format.ts';
import type { Image } from './storage.ts';

/** Content of a block in bytes, about: what is serialised without letting anything else run. */
const BLOCK = 128 * 1024;
const NODES = 16;

/**
 * Writes an image to `path`: aside first, synced, then renamed once `ready` resolves, so that a file
 * of that name is whole. Gives up, and cleans up, when the signal says so.
 */
export async function writeSnapshot(
  path: string,
  image: Image,
  ready: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const aside = `${path}.tmp`;
  const handle = await open(aside, 'w');
  try {
    await handle.appendFile(encodeHeader(image.header));
    for (let more = true; more; ) {
      signal.throwIfAborted();
      const writer = new Writer(BLOCK);
      while (more && writer.length < BLOCK) {
        const nodes = image.next(NODES);
        more = nodes.length > 0;
        for (const [znode, fields] of nodes) writeNode(writer, znode, fields);
      }
      if (writer.length > 0) await handle.appendFile(block(writer.take()));
    }
    await handle.appendFile(endBlock());
    await handle.sync();
    await handle.close();
    await ready();
    await rename(aside, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(aside).catch(() => {});
    throw error;
  }
}
