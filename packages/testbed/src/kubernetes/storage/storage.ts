import type { KubernetesObject } from '../object.ts';
import type { Revisions } from './revisions.ts';

/** A write that a watch tells of. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** As it is now; of a deletion, as it was last, with the deletion's revision. */
  readonly object: KubernetesObject;
  /** As it was before. */
  readonly previous: KubernetesObject | undefined;
}

/** Changes of one resource that are remembered, at most. */
const HISTORY = 20_000;

/** The key of an object: lists are sorted by it. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The objects of one resource, and what has become of them since they were last compacted. Pure. */
export class Storage {
  readonly #revisions: Revisions;
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #listeners = new Set<(change: Change) => void>();
  #sorted: readonly string[] | undefined;
  #changes: Change[] = [];
  #oldest: number;
  #past:
    | { revision: number; at: number; objects: ReadonlyMap<string, KubernetesObject> }
    | undefined;

  constructor(revisions: Revisions) {
    this.#revisions = revisions;
    this.#oldest = revisions.current;
  }

  /** The revision of everything. */
  get revision(): number {
    return this.#revisions.current;
  }

  /** What was before this revision can't be read any more. */
  get oldest(): number {
    return this.#oldest;
  }

  get(key: string): KubernetesObject | undefined {
    return this.#objects.get(key);
  }

  /** Creates it, or replaces what is there. Returns it with its revision. */
  put(key: string, object: KubernetesObject): KubernetesObject {
    const previous = this.#objects.get(key);
    const revision = this.#revisions.next();
    const stored = withRevision(object, revision);
    this.#objects.set(key, stored);
    if (previous === undefined) this.#sorted = undefined;
    this.#tell({
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      revision,
      object: stored,
      previous,
    });
    return stored;
  }

  /** Deletes what is there. Returns it as it was, with the deletion's revision. */
  delete(key: string): KubernetesObject | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    const revision = this.#revisions.next();
    const object = withRevision(previous, revision);
    this.#objects.delete(key);
    this.#sorted = undefined;
    this.#tell({ type: 'DELETED', revision, object, previous });
    return object;
  }

  /** The keys that are there now, sorted. */
  get keys(): readonly string[] {
    this.#sorted ??= [...this.#objects.keys()].sort();
    return this.#sorted;
  }

  /** All objects as they were at a revision that isn't compacted, by key. */
  at(revision: number): ReadonlyMap<string, KubernetesObject> {
    if (revision >= this.#revisions.current) return this.#objects;
    const known = this.#past;
    if (known?.revision === revision && known.at === this.#revisions.current) return known.objects;
    const objects = new Map(this.#objects);
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i]!;
      if (change.revision <= revision) break;
      const { name, namespace } = change.object.metadata;
      const key = keyOf(namespace, name);
      if (change.previous === undefined) objects.delete(key);
      else objects.set(key, change.previous);
    }
    this.#past = { revision, at: this.#revisions.current, objects };
    return objects;
  }

  /** What has changed after a revision that isn't compacted. */
  since(revision: number): readonly Change[] {
    const first = this.#changes.findIndex((change) => change.revision > revision);
    return first === -1 ? [] : this.#changes.slice(first);
  }

  /** Calls `listener` with every change from now on, until it is disposed. */
  follow(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Forgets all that was. */
  compact(): void {
    this.#changes = [];
    this.#past = undefined;
    this.#oldest = this.#revisions.current;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length > 2 * HISTORY) {
      this.#changes.splice(0, HISTORY);
      this.#oldest = this.#changes[0]!.revision;
    }
    for (const listener of [...this.#listeners]) listener(change);
  }
}

function withRevision(object: KubernetesObject, revision: number): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
