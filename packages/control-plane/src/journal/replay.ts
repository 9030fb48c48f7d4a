import type { Service } from '@meshkeeper/mesh';
import { applied, type ServiceDelta } from './delta.ts';
import { type JournalFile, readRecords } from './journal-files.ts';

/** The catalog as it was at a revision. */
export interface Recorded {
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly sources: readonly string[];
  readonly services: ReadonlyMap<string, Service>;
}

/** A commit as it was recorded, with what it has changed before and after. */
export interface RecordedCommit {
  readonly revision: number;
  readonly at: number;
  readonly changes: readonly {
    readonly delta: ServiceDelta;
    readonly before: Service | undefined;
    readonly after: Service | undefined;
  }[];
}

/** Which part of a file is wanted. */
export interface ReplayOptions {
  /** False at the first commit that is not wanted any more, by its revision and time. */
  readonly until?: (revision: number, at: number) => boolean;
  readonly commit?: (commit: RecordedCommit) => void;
}

/**
 * The catalog at the end of a file, or as far as it is wanted; undefined when the file doesn't even
 * hold the catalog at its beginning, or that is not wanted yet.
 */
export async function replay(
  { path }: JournalFile,
  { until = () => true, commit }: ReplayOptions = {},
): Promise<Recorded | undefined> {
  const services = new Map<string, Service>();
  let begun: { revision: number; at: number; sources: readonly string[] } | undefined;
  let whole = false;
  for await (const record of readRecords(path)) {
    if (record.type === 'begin') {
      if (!until(record.revision, record.at)) return undefined;
      const { revision, at, sources } = record;
      begun = { revision, at, sources };
    } else if (record.type === 'service') services.set(record.service.name, record.service);
    else if (record.type === 'end') {
      if (record.services !== services.size) return undefined;
      whole = true;
    } else if (begun !== undefined && whole) {
      const { revision, at } = record;
      if (!until(revision, at)) break;
      const changes = record.changes.map((delta) => {
        const before = services.get(delta.name);
        const after = applied(before, delta);
        if (after === undefined) services.delete(delta.name);
        else services.set(delta.name, after);
        return { delta, before, after };
      });
      Object.assign(begun, { revision, at });
      commit?.({ revision, at, changes });
    }
  }
  return begun !== undefined && whole ? { ...begun, services } : undefined;
}
