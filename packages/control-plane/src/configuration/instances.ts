import type { LiveResolved, ResolveRequest } from '@meshkeeper/config';

/** An instance, and what it was told last. */
export interface SeenInstance {
  readonly application: string;
  readonly profiles: readonly string[];
  readonly id?: string;
  readonly address?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** When it asked last, in milliseconds since the epoch. */
  readonly at: number;
  readonly digest: string;
  /** The releases that it has, the strongest first. */
  readonly layers: LiveResolved['layers'];
}

/** What instances are remembered by. */
export interface InstancesOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Instances, at most: those that have not asked for longest are forgotten. Default 10,000. */
  readonly most?: number;
  /** Who hasn't asked for so long is forgotten, in milliseconds. Default an hour. */
  readonly after?: number;
}

/** Which instance has which release: those that have asked here, by what they say of themselves. */
export class Instances {
  readonly #options: InstancesOptions;
  /** Who has asked last is at the end. */
  readonly #seen = new Map<string, SeenInstance>();

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  /** Takes what an instance is told. Who says neither an id nor an address is nobody in particular. */
  saw({ application, profiles = [], instance = {} }: ResolveRequest, resolved: LiveResolved): void {
    const { id, address, labels } = instance;
    if (id === undefined && address === undefined) return;
    const { now, most = 10_000 } = this.#options;
    const name = `${application}\n${profiles.join(',')}\n${id ?? ''}\n${id === undefined ? address : ''}`;
    this.#seen.delete(name);
    this.#seen.set(name, {
      ...{ application, profiles, at: now(), digest: resolved.digest, layers: resolved.layers },
      ...(id !== undefined && { id }),
      ...(address !== undefined && { address }),
      ...(labels !== undefined && { labels }),
    });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > most && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** The instances of an application, by their ids and addresses. */
  of(application: string): readonly SeenInstance[] {
    const { now, after = 3_600_000 } = this.#options;
    const before = now() - after;
    for (const [name, { at }] of this.#seen) {
      if (at >= before) break; // they are in the order of time
      this.#seen.delete(name);
    }
    return [...this.#seen.values()].filter((each) => each.application === application);
  }
}
