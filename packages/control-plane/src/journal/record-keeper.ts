import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type Catalog,
  type Service,
  type ServiceChange,
  type Snapshot,
  sameService,
} from '@meshkeeper/mesh';
import type { Logger } from '@meshkeeper/zookeeper';
import { ControlPlaneError } from '../control-plane-error.ts';
import { catalogAt, differences, History, type ServiceDifference } from './history.ts';
import { Journal } from './journal.ts';
import { type Place, Places } from './place.ts';
import type { Recorded } from './replay.ts';

/** A source, and what it is read from: what was recorded of another one is not its past. */
export interface Identity {
  readonly name: string;
  readonly identity: string;
}

/** A moment of the catalog's past. */
export type Moment = { readonly revision: number } | { readonly at: number };

/** What two moments differ in. */
export interface Difference {
  readonly from: { readonly revision: number; readonly at: number };
  readonly to: { readonly revision: number; readonly at: number };
  readonly services: readonly ServiceDifference[];
}

/** What has become of a service since some place. */
export interface ServiceNews {
  readonly service: string;
  readonly change: ServiceChange['type'];
}

/** Snapshots that are kept in memory; they share what is alike. */
const RECENT = 1_000;

/** The catalog's past: with a folder over restarts, in memory alone without. */
export class RecordKeeper implements AsyncDisposable {
  /** Names this process: its revisions are not those of another one. */
  readonly run: string;
  readonly history: History;
  readonly #journal: Journal | undefined;
  readonly #identities: readonly string[];
  readonly #places = new Places();
  readonly #recent: { readonly snapshot: Snapshot; readonly at: number }[] = [];
  #last: Recorded | undefined;
  /** The next commit is what was restored: nothing that has happened. */
  #restored = false;

  private constructor(
    run: string,
    history: History,
    journal: Journal | undefined,
    last: Recorded | undefined,
    sources: readonly Identity[],
  ) {
    this.run = run;
    this.history = history;
    this.#journal = journal;
    this.#last = last;
    this.#identities = sources.map(({ identity }) => identity);
  }

  /** @throws ControlPlaneError DATA_DIR when the folder can't be used */
  static async open(
    dataDir: string | undefined,
    sources: readonly Identity[],
    logger: Logger,
  ): Promise<RecordKeeper> {
    const run = randomBytes(4).toString('hex');
    if (dataDir === undefined)
      return new RecordKeeper(run, new History(), undefined, undefined, sources);
    const folder = join(dataDir, 'catalog');
    try {
      const { journal, last } = await Journal.open({ folder, run, logger });
      return new RecordKeeper(run, await History.of(journal.files), journal, last, sources);
    } catch (cause) {
      throw new ControlPlaneError(
        'DATA_DIR',
        `the catalog can't be kept in ${folder}: ${String(cause)}; make the folder writable, or name another with controlPlane.dataDir`,
        { cause },
      );
    }
  }

  /** Gives the catalog what was served last; true when every source has its part in that. */
  restore(catalog: Catalog, sources: readonly Identity[]): boolean {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined) return false;
    this.#restored = true;
    const known = sources.filter(({ identity }) => last.sources.includes(identity));
    catalog.restore({
      revision: last.revision,
      services: last.services.values(),
      sources: known.map(({ name }) => name),
    });
    return known.length === sources.length;
  }

  /** Takes a commit. */
  append(snapshot: Snapshot, changes: readonly ServiceChange[], at: number): void {
    const news = this.#restored ? [] : changes;
    this.#restored = false;
    this.history.append(snapshot.revision, news, at);
    this.#recent.push({ snapshot, at });
    if (this.#recent.length > RECENT) this.#recent.shift();
    this.#journal?.append(snapshot, news, at, this.#identities);
  }

  /**
   * What two moments differ in; undefined when it isn't recorded that far back.
   * @param to default: what is recorded last
   */
  async diff(from: Moment, to: Moment | undefined): Promise<Difference | undefined> {
    const latest = { revision: Number.MAX_SAFE_INTEGER };
    const [before, after] = await Promise.all([this.#at(from), this.#at(to ?? latest)]);
    if (before === undefined || after === undefined) return undefined;
    return {
      from: { revision: before.revision, at: before.at },
      to: { revision: after.revision, at: after.at },
      services: differences(before.services, after.services),
    };
  }

  /**
   * Tells what the catalog was at a place, this process's or that of another whose files are here: what has changed
   * since, at each call. Undefined where that is not recorded.
   */
  async since(place: Place): Promise<(() => readonly ServiceNews[]) | undefined> {
    // Nothing is served yet: what has changed can't be told.
    if (this.#recent.length === 0) return undefined;
    const before = await this.#servicesAt(place);
    return before && (() => news(before, this.#recent.at(-1)?.snapshot.services ?? []));
  }

  async #servicesAt(place: Place): Promise<ReadonlyMap<string, Service> | undefined> {
    if (place.run === this.run) {
      const recent = this.#recent.find(({ snapshot }) => snapshot.revision === place.revision);
      if (recent !== undefined) return byName(recent.snapshot.services);
    }
    const journal = this.#journal;
    if (journal === undefined) return undefined;
    await journal.flush();
    return this.#places.at(place, () => journal.files);
  }

  async #at(moment: Moment) {
    const recent = this.#recent.findLast(({ snapshot, at }) =>
      'revision' in moment ? snapshot.revision <= moment.revision : at <= moment.at,
    );
    if (recent !== undefined) {
      const { revision, services } = recent.snapshot;
      return { revision, at: recent.at, services: byName(services) };
    }
    await this.#journal?.flush();
    return catalogAt(this.#journal?.files ?? [], moment);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal?.close();
  }
}

function byName(services: Iterable<Service>): ReadonlyMap<string, Service> {
  const named = new Map<string, Service>();
  for (const service of services) named.set(service.name, service);
  return named;
}

function news(
  before: ReadonlyMap<string, Service>,
  after: Iterable<Service>,
): readonly ServiceNews[] {
  const found: ServiceNews[] = [];
  const left = new Set(before.keys());
  for (const service of after) {
    const { name } = service;
    left.delete(name);
    const was = before.get(name);
    if (was === undefined) found.push({ service: name, change: 'added' });
    else if (was !== service && !sameService(was, service))
      found.push({ service: name, change: 'updated' });
  }
  for (const name of left) found.push({ service: name, change: 'removed' });
  return found;
}
