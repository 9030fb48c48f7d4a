import type { KubernetesObject } from '../object.ts';
import type { Revisions } from '../storage/revisions.ts';
import { Storage } from '../storage/storage.ts';
import { BUILT_IN } from './built-in.ts';
import { customTypes } from './custom.ts';
import type { ResourceType } from './resource-type.ts';

/** The resources that are served, and where their objects are. */
export class ResourceCatalog {
  readonly #revisions: Revisions;
  readonly #types = new Map<string, ResourceType>();
  readonly #storages = new Map<string, Storage>();

  constructor(revisions: Revisions) {
    this.#revisions = revisions;
    for (const type of BUILT_IN) this.#types.set(keyOfType(type), type);
  }

  get types(): readonly ResourceType[] {
    return [...this.#types.values()];
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#types.get(keyOfType({ group, version, plural }));
  }

  /** Of the kind that an object says it is. */
  ofKind(group: string, kind: string): ResourceType | undefined {
    return this.types.find((type) => type.group === group && type.kind === kind);
  }

  /** Versions of a resource share one. */
  storage({ group, plural }: Pick<ResourceType, 'group' | 'plural'>): Storage {
    const key = `${group}/${plural}`;
    let storage = this.#storages.get(key);
    if (storage === undefined) {
      storage = new Storage(this.#revisions);
      this.#storages.set(key, storage);
    }
    return storage;
  }

  get storages(): readonly Storage[] {
    return [...this.#storages.values()];
  }

  /** Serves what a definition says, and no more what it said before. */
  define(definition: KubernetesObject): void {
    const types = customTypes(definition);
    for (const type of types) {
      for (const [key, known] of this.#types)
        if (known.group === type.group && known.plural === type.plural) this.#types.delete(key);
    }
    for (const type of types) this.#types.set(keyOfType(type), type);
  }

  /** Serves it no more. Returns what was served. */
  undefine(definition: KubernetesObject): readonly ResourceType[] {
    const types = customTypes(definition);
    for (const type of types) this.#types.delete(keyOfType(type));
    return types;
  }
}

function keyOfType({
  group,
  version,
  plural,
}: Pick<ResourceType, 'group' | 'version' | 'plural'>): string {
  return `${group}/${version}/${plural}`;
}
