import type { Service } from '@meshkeeper/mesh';
import { type JournalFile, readRecords } from './journal-files.ts';
import { replay } from './replay.ts';

/** A revision of the catalog as one process had it: two processes may call different things by one number. */
export interface Place {
  /** The process. */
  readonly run: string;
  readonly revision: number;
}

/** Finds what the catalog was at places in a journal: one at a time, each holds a catalog in memory. */
export class Places {
  /** What each file begins with, by its number. */
  readonly #begins = new Map<number, Partial<Place>>();
  /** What is being read, or waits for that. */
  readonly #asked = new Map<string, Promise<ReadonlyMap<string, Service> | undefined>>();
  #last: Promise<unknown> = Promise.resolve();

  /** The services there; undefined where the files don't hold exactly that. */
  at(
    { run, revision }: Place,
    files: () => readonly JournalFile[],
  ): Promise<ReadonlyMap<string, Service> | undefined> {
    const key = `${run} ${revision}`;
    let found = this.#asked.get(key);
    if (found === undefined) {
      found = this.#last
        .then(() => this.#read({ run, revision }, files()))
        .finally(() => this.#asked.delete(key));
      this.#asked.set(key, found);
      this.#last = found.catch(() => {}); // told to who asked for it
    }
    return found;
  }

  async #read(
    { run, revision }: Place,
    files: readonly JournalFile[],
  ): Promise<ReadonlyMap<string, Service> | undefined> {
    this.#forget(files);
    for (const file of files.toReversed()) {
      const begin = await this.#beginOf(file);
      if (begin.run !== run || begin.revision === undefined || begin.revision > revision) continue;
      const recorded = await replay(file, { until: (each) => each <= revision });
      return recorded?.revision === revision ? recorded.services : undefined;
    }
    return undefined;
  }

  async #beginOf({ number, path }: JournalFile): Promise<Partial<Place>> {
    let begin = this.#begins.get(number);
    if (begin !== undefined) return begin;
    begin = {};
    for await (const record of readRecords(path)) {
      if (record.type === 'begin') begin = { run: record.run, revision: record.revision };
      break;
    }
    this.#begins.set(number, begin);
    return begin;
  }

  #forget(files: readonly JournalFile[]): void {
    const oldest = files[0]?.number ?? 0;
    for (const number of this.#begins.keys()) if (number < oldest) this.#begins.delete(number);
  }
}
