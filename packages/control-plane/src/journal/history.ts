import { type Endpoint, type Service, type ServiceChange, sameEndpoint } from '@meshkeeper/mesh';
import type { JournalFile } from './journal-files.ts';
import { type Recorded, replay } from './replay.ts';

/** What a commit has changed of one service. */
export interface HistoryEntry extends ServiceDifference {
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How a service differs from what it was. */
export interface ServiceDifference {
  readonly service: string;
  readonly type: 'added' | 'updated' | 'removed';
  readonly endpoints: {
    readonly added: readonly EndpointName[];
    readonly removed: readonly EndpointName[];
    readonly changed: readonly EndpointChange[];
  };
}

/** An endpoint, as people call it. */
export interface EndpointName {
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

/** An endpoint that was there before and after. */
export interface EndpointChange extends EndpointName {
  /** Before and after, by field. */
  readonly fields: Readonly<Record<string, readonly [before: unknown, after: unknown]>>;
}

/** Entries that are kept in memory. */
const ENTRIES = 10_000;
/** Of the journal's files so much is read at the start, in bytes. */
const READ_AT_START = 32 * 1024 * 1024;
const FIELDS = ['address', 'port', 'weight', 'health', 'role', 'hostname'] as const;

/** What the catalog's last commits have changed: those of earlier processes from their journal. */
export class History {
  #entries: HistoryEntry[] = [];

  /** Reads what a journal holds, the newest files first, as far as there is room. */
  static async of(files: readonly JournalFile[]): Promise<History> {
    const history = new History();
    let bytes = 0;
    for (const file of files.toReversed()) {
      bytes += file.bytes;
      if (bytes > READ_AT_START || history.#entries.length >= ENTRIES) break;
      const entries: HistoryEntry[] = [];
      await replay(file, {
        commit({ revision, at, changes }) {
          for (const { delta, before, after } of changes)
            entries.push({ revision, at, ...difference(delta.name, before, after) });
        },
      });
      history.#entries = [...entries, ...history.#entries];
    }
    history.#trim();
    return history;
  }

  /** Takes a commit. */
  append(revision: number, changes: readonly ServiceChange[], at: number): void {
    for (const change of changes) {
      const before = change.type === 'added' ? undefined : change.before;
      const after = change.type === 'removed' ? undefined : change.after;
      this.#entries.push({ revision, at, ...difference(change.name, before, after) });
    }
    if (this.#entries.length > 1.25 * ENTRIES) this.#trim();
  }

  /** The newest first: of one service or of all, from before a revision, so many at most. */
  entries({
    service,
    before = Number.POSITIVE_INFINITY,
    limit,
  }: {
    readonly service?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  }): HistoryEntry[] {
    const found: HistoryEntry[] = [];
    for (let i = this.#entries.length - 1; i >= 0 && found.length < limit; i--) {
      const entry = this.#entries[i]!;
      if (entry.revision < before && (service === undefined || entry.service === service))
        found.push(entry);
    }
    return found;
  }

  #trim(): void {
    this.#entries = this.#entries.slice(-ENTRIES);
  }
}

/** The catalog as it was at a revision or a time, if a journal's files reach back to it. */
export async function catalogAt(
  files: readonly JournalFile[],
  wanted: { readonly revision: number } | { readonly at: number },
): Promise<Recorded | undefined> {
  const until =
    'revision' in wanted
      ? (revision: number) => revision <= wanted.revision
      : (_: number, at: number) => at <= wanted.at;
  for (const file of files.toReversed()) {
    const recorded = await replay(file, { until });
    if (recorded !== undefined) return recorded;
  }
  return undefined;
}

/** What two moments differ in, by service. */
export function differences(
  before: ReadonlyMap<string, Service>,
  after: ReadonlyMap<string, Service>,
): ServiceDifference[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .sort()
    .map((name) => difference(name, before.get(name), after.get(name)))
    .filter(({ type, endpoints: { added, removed, changed } }) => {
      return type !== 'updated' || added.length + removed.length + changed.length > 0;
    });
}

function difference(
  service: string,
  before: Service | undefined,
  after: Service | undefined,
): ServiceDifference {
  const old = new Map(before?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const added: EndpointName[] = [];
  const changed: EndpointChange[] = [];
  for (const endpoint of after?.endpoints ?? []) {
    const was = old.get(endpoint.id);
    old.delete(endpoint.id);
    if (was === undefined) added.push(nameOf(endpoint));
    else if (was !== endpoint && !sameEndpoint(was, endpoint))
      changed.push({ ...nameOf(endpoint), fields: fieldsOf(was, endpoint) });
  }
  const removed = [...old.values()].map(nameOf);
  const type = before === undefined ? 'added' : after === undefined ? 'removed' : 'updated';
  return { service, type, endpoints: { added, removed, changed } };
}

function nameOf({ id, address, port }: Endpoint): EndpointName {
  return { id, address, port };
}

function fieldsOf(before: Endpoint, after: Endpoint): EndpointChange['fields'] {
  const fields: Record<string, readonly [unknown, unknown]> = {};
  for (const field of FIELDS)
    if (before[field] !== after[field])
      fields[field] = [before[field] ?? null, after[field] ?? null];
  for (const field of ['locality', 'warmup'] as const)
    if (JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      fields[field] = [before[field] ?? null, after[field] ?? null];
  const keys = new Set([...Object.keys(before.metadata), ...Object.keys(after.metadata)]);
  for (const key of keys) {
    const [was, is] = [before.metadata[key], after.metadata[key]];
    if (was !== is) fields[`metadata.${key}`] = [was ?? null, is ?? null];
  }
  return fields;
}
