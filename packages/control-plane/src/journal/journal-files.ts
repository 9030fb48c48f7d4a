import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord, type JournalRecord } from './record.ts';

/** A journal's file. */
export interface JournalFile {
  readonly path: string;
  /** Its place in the order in which they were begun. */
  readonly number: number;
  readonly bytes: number;
}

const NAME = /^catalog-(\d{10})\.journal$/;

/** The path of a file while its services are being written, and after. */
export function pathsOf(folder: string, number: number) {
  const path = join(folder, `catalog-${String(number).padStart(10, '0')}.journal`);
  return { path, unfinished: `${path}.new` };
}

/** The journal's files, the oldest first; what was left unfinished is removed. */
export async function listFiles(folder: string): Promise<JournalFile[]> {
  await mkdir(folder, { recursive: true });
  const files: JournalFile[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const number = NAME.exec(name)?.[1];
    if (number !== undefined)
      files.push({ path, number: Number(number), bytes: (await stat(path)).size });
    else if (name.endsWith('.journal.new')) await rm(path, { force: true });
  }
  return files.sort((a, b) => a.number - b.number);
}

/** A file's records, up to the first line that isn't whole: whatever was written after it is lost. */
export async function* readRecords(path: string): AsyncGenerator<JournalRecord> {
  const file = await open(path);
  try {
    for await (const line of file.readLines()) {
      const record = decodeRecord(line);
      if (record === undefined) return;
      yield record;
    }
  } finally {
    await file.close().catch(() => {}); // reading to the end closes it
  }
}

/** Makes a file that is complete take its place. */
export async function finish({ path, unfinished }: ReturnType<typeof pathsOf>): Promise<void> {
  await rename(unfinished, path);
}
