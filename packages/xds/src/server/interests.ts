import type { ResourceType } from '../codec/resource-type.ts';
import type { ResourceChanges } from '../resources/resources.ts';

/** Who asks for more names than this is told of each change, and sees itself what of it it wants. */
const MANY = 256;

/** Someone who subscribes to resources of one type. */
export interface Subscriber {
  /** These were added, replaced or removed, in that revision; not all of them may be subscribed to. */
  changed(names: Iterable<string>, revision: number): void;
}

/**
 * Who subscribes to what, so that a change costs nothing for those who don't subscribe to it. Those who
 * subscribe to all, or to much, are told of each change: an index of them would cost more than it saves.
 */
export class Interests {
  readonly #types = new Map<ResourceType | undefined, TypeIndex>();

  /** For a new subscriber to resources of that type; undefined stands for all that there are none of. */
  interest(type: ResourceType | undefined, subscriber: Subscriber): Interest {
    let index = this.#types.get(type);
    if (index === undefined) {
      index = { broad: new Set(), named: new Map() };
      this.#types.set(type, index);
    }
    return new Interest(subscriber, index);
  }

  /** Tells those whom it concerns. */
  changed(changes: ResourceChanges, revision: number): void {
    for (const [type, names] of changes) {
      const index = this.#types.get(type);
      if (index === undefined) continue;
      for (const subscriber of index.broad) subscriber.changed(names, revision);
      for (const name of names)
        for (const subscriber of index.named.get(name) ?? []) subscriber.changed([name], revision);
    }
  }
}

/** The subscribers to resources of a type. */
interface TypeIndex {
  readonly broad: Set<Subscriber>;
  /** The others, by name. */
  readonly named: Map<string, Set<Subscriber>>;
}

/** What one subscriber asks for. */
export class Interest {
  readonly #subscriber: Subscriber;
  readonly #index: TypeIndex;
  readonly #names = new Set<string>();
  #wildcard = false;
  #isBroad = false;

  constructor(subscriber: Subscriber, index: TypeIndex) {
    this.#subscriber = subscriber;
    this.#index = index;
  }

  /** Whether it asks for all. */
  get wildcard(): boolean {
    return this.#wildcard;
  }

  set wildcard(wildcard: boolean) {
    this.#wildcard = wildcard;
    this.#place();
  }

  /** The names that it asks for. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  covers(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** Asks for a name. */
  add(name: string): void {
    this.#names.add(name);
    if (!this.#isBroad) this.#enter(name);
    this.#place();
  }

  /** Asks for it no longer. */
  delete(name: string): void {
    this.#names.delete(name);
    if (!this.#isBroad) this.#leave(name);
    this.#place();
  }

  /** Is no longer told anything. */
  close(): void {
    this.#index.broad.delete(this.#subscriber);
    if (!this.#isBroad) for (const name of this.#names) this.#leave(name);
  }

  /** Is found by what it asks for. */
  #place(): void {
    const isBroad = this.#wildcard || this.#names.size > MANY;
    if (isBroad === this.#isBroad) return;
    this.#isBroad = isBroad;
    if (isBroad) this.#index.broad.add(this.#subscriber);
    else this.#index.broad.delete(this.#subscriber);
    for (const name of this.#names)
      if (isBroad) this.#leave(name);
      else this.#enter(name);
  }

  #enter(name: string): void {
    const { named } = this.#index;
    const subscribers = named.get(name);
    if (subscribers === undefined) named.set(name, new Set([this.#subscriber]));
    else subscribers.add(this.#subscriber);
  }

  #leave(name: string): void {
    const { named } = this.#index;
    const subscribers = named.get(name);
    subscribers?.delete(this.#subscriber);
    if (subscribers?.size === 0) named.delete(name);
  }
}
