import { Any } from '../../src/codec/messages.ts';
import {
  ADD_ORDER,
  decodeResource,
  encodeResource,
  type Node,
  RESOURCE_TYPES,
  type Resource,
  type ResourceChanges,
  type ResourceStore,
  type ResourceType,
  resourceName,
  resourceTypeOf,
} from '../../src/index.ts';
import { NamedSet } from './named-set.ts';

type State = Record<ResourceType, NamedSet>;

/** What each node is served, as it is told to; the versions too. Each method says what changed. */
export class AdapterStore implements ResourceStore {
  readonly #nodes = new Map<string, State>();

  view(node: Node): State {
    return this.#state(node.id ?? '');
  }

  /** Exactly these resources. */
  set(node: string, version: string, resources: readonly Any[]): ResourceChanges {
    const changed = this.clear(node);
    for (const any of resources) {
      const type = typeOf(any.type_url ?? '');
      const name = resourceName(type, decodeResource(type, any));
      changed.get(type)?.add(name);
      const encoded = Buffer.from(Any.encode(any).finish());
      this.#state(node)[type].set({ type, name, version, any: encoded }, version);
    }
    return changed;
  }

  /** Nothing. */
  clear(node: string): Map<ResourceType, Set<string>> {
    const state = this.#state(node);
    const changed = ADD_ORDER.map((type) => {
      const names = state[type].list.map(({ name }) => name);
      for (const name of names) state[type].delete(name, '');
      return [type, new Set(names)] as const;
    });
    return new Map(changed);
  }

  /** A resource that has nothing but a name. */
  add(node: string, typeUrl: string, name: string, version: string): ResourceChanges {
    const type = typeOf(typeUrl);
    const any = encodeResource(type, { [RESOURCE_TYPES[type].nameField]: name });
    return this.#put(node, { type, name, version, any });
  }

  /** The same resource in another version; nothing when there is none. */
  update(node: string, typeUrl: string, name: string, version: string): ResourceChanges {
    const resource = this.#state(node)[typeOf(typeUrl)].get(name);
    return resource === undefined ? new Map() : this.#put(node, { ...resource, version });
  }

  /** Without it. */
  remove(node: string, typeUrl: string, name: string, version: string): ResourceChanges {
    const type = typeOf(typeUrl);
    const there = this.#state(node)[type].delete(name, version);
    return there ? new Map([[type, new Set([name])]]) : new Map();
  }

  #put(node: string, resource: Resource): ResourceChanges {
    this.#state(node)[resource.type].set(resource, resource.version);
    return new Map([[resource.type, new Set([resource.name])]]);
  }

  #state(node: string): State {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    // The entries are of all types.
    const made = Object.fromEntries(ADD_ORDER.map((type) => [type, new NamedSet()])) as State;
    this.#nodes.set(node, made);
    return made;
  }
}

function typeOf(typeUrl: string): ResourceType {
  const type = resourceTypeOf(typeUrl);
  if (type === undefined) throw new RangeError(`No such type of resources: ${typeUrl}`);
  return type;
}
