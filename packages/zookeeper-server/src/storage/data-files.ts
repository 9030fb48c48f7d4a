import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A log or snapshot by its place in history. */
export interface DataFile {
  readonly path: string;
  /** First transaction of a log; last one in a snapshot. */
  readonly zxid: bigint;
}

type Kind = 'log' | 'snapshot';

/** Where a log or snapshot of a zxid is kept. */
export function dataFile(dir: string, kind: Kind, zxid: bigint): DataFile {
  return { path: join(dir, `${kind}.${zxid.toString(16).padStart(16, '0')}`), zxid };
}

/** The logs or snapshots of a directory, oldest first. */
export async function listDataFiles(dir: string, kind: Kind): Promise<DataFile[]> {
  const names = await readdir(dir);
  return names
    .map((name) => new RegExp(`^${kind}\\.([0-9a-f]{16})$`).exec(name)?.[1])
    .filter((hex) => hex !== undefined)
    .sort()
    .map((hex) => dataFile(dir, kind, BigInt(`0x${hex}`)));
}

/** Makes what was created, renamed or removed in a directory durable. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
