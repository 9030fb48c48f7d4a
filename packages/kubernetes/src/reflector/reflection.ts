import type { KubernetesObject, ObjectMeta } from '../api/objects.ts';

/** A change of what a reflector holds; a `reset` replaces all that was said before. */
export type ReflectorChange<Kept> =
  | { readonly type: 'reset'; readonly objects: ReadonlyMap<string, Kept> }
  | { readonly type: 'upsert'; readonly key: string; readonly object: Kept }
  | { readonly type: 'remove'; readonly key: string };

/** The key of an object: `namespace/name`, or its name where there are no namespaces. */
export function keyOf({ namespace, name }: ObjectMeta): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * What is kept of a resource's objects, and what of it was not told yet. Of a key only the newest state
 * is told, so that who is slow is told less. Pure.
 */
export class Reflection<T extends KubernetesObject, Kept> {
  readonly #project: (object: T) => Kept | undefined;
  #objects = new Map<string, Kept>();
  /** Versions of the objects, for what comes twice. Only ever compared for equality. */
  #versions = new Map<string, string>();
  readonly #changed = new Set<string>();
  #reset = false;

  constructor(project: (object: T) => Kept | undefined) {
    this.#project = project;
  }

  get objects(): ReadonlyMap<string, Kept> {
    return this.#objects;
  }

  /** An object was created or changed. */
  set(object: T): void {
    const { metadata } = object;
    const key = keyOf(metadata);
    const { resourceVersion = '' } = metadata;
    if (this.#versions.get(key) === resourceVersion && resourceVersion !== '') return;
    const kept = this.#project(object);
    this.#versions.set(key, resourceVersion);
    if (kept === undefined && !this.#objects.has(key)) return;
    if (kept === undefined) this.#objects.delete(key);
    else this.#objects.set(key, kept);
    this.#changed.add(key);
  }

  /** An object was deleted. */
  delete({ metadata }: KubernetesObject): void {
    const key = keyOf(metadata);
    this.#versions.delete(key);
    if (this.#objects.delete(key)) this.#changed.add(key);
  }

  /** Begins a list: {@link Replacement}. */
  replacement(): Replacement<T, Kept> {
    return new Replacement(this.#objects, this.#versions, this.#project);
  }

  /** Everything is as a list has it. */
  replace({ objects, versions }: Replacement<T, Kept>): void {
    this.#objects = objects;
    this.#versions = versions;
    this.#changed.clear();
    this.#reset = true;
  }

  /** What was not told yet. */
  *take(): Generator<ReflectorChange<Kept>> {
    if (this.#reset) {
      this.#reset = false;
      this.#changed.clear();
      yield { type: 'reset', objects: this.#objects };
      return;
    }
    const keys = [...this.#changed];
    this.#changed.clear();
    for (const key of keys) {
      if (this.#reset) return;
      const object = this.#objects.get(key);
      yield object === undefined ? { type: 'remove', key } : { type: 'upsert', key, object };
    }
  }
}

/** A list that is being read. What has not changed since is kept as the object that it was. */
export class Replacement<T extends KubernetesObject, Kept> {
  readonly objects = new Map<string, Kept>();
  readonly versions = new Map<string, string>();
  readonly #known: ReadonlyMap<string, Kept>;
  readonly #knownVersions: ReadonlyMap<string, string>;
  readonly #project: (object: T) => Kept | undefined;

  constructor(
    known: ReadonlyMap<string, Kept>,
    knownVersions: ReadonlyMap<string, string>,
    project: (object: T) => Kept | undefined,
  ) {
    this.#known = known;
    this.#knownVersions = knownVersions;
    this.#project = project;
  }

  add(object: T): void {
    const { metadata } = object;
    const key = keyOf(metadata);
    const { resourceVersion = '' } = metadata;
    const isKnown = resourceVersion !== '' && this.#knownVersions.get(key) === resourceVersion;
    const kept = isKnown ? this.#known.get(key) : this.#project(object);
    this.versions.set(key, resourceVersion);
    if (kept !== undefined) this.objects.set(key, kept);
  }
}
