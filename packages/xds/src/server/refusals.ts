import type { Resource } from '../resources/resource.ts';
import type { RefusedResource } from './proxy-status.ts';
import type { InFlight } from './response.ts';

/** Resources that a stream rejected, and what it has of them instead. */
interface Refusal {
  /** The rejected ones by name. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Whether it is known that each of them is bad, and not only that one of them is. */
  readonly certain: boolean;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What the stream had of them before. */
  readonly before: ReadonlyMap<string, Resource>;
  /** The revision of which it lacks something for that reason. */
  readonly since: number | undefined;
}

/**
 * What a stream has rejected and not been given anew. A response with several new resources is
 * rejected as a whole; which of them it was, only the client's message may say.
 */
export class Refusals {
  #all: Refusal[] = [];

  /** Whether there are any. */
  get any(): boolean {
    return this.#all.length > 0;
  }

  /** The oldest revision that they keep from being applied. */
  get since(): number | undefined {
    const revisions = this.#all.flatMap(({ since }) => since ?? []);
    return revisions.length === 0 ? undefined : Math.min(...revisions);
  }

  /** Notes a NACK. */
  add({ fresh, before, since }: InFlight, message: string, at: number): void {
    const named = namesIn(message);
    const accused = fresh.filter(({ name }) => named.has(name));
    const suspects = accused.length > 0 ? accused : fresh;
    // What is sent once more and rejected again counts once.
    this.#all = this.#all.filter(({ resources }) => !isSame(resources, suspects));
    this.#all.push({
      resources: new Map(suspects.map((resource) => [resource.name, resource])),
      certain: accused.length > 0 || fresh.length === 1,
      message,
      at,
      before,
      since,
    });
    // Whoever rejects everything must not fill the memory.
    if (this.#all.length > 100) this.#all.shift();
  }

  /** Notes an ACK of what came in the place of a rejected one. */
  settle({ fresh, names }: InFlight, isServed: (name: string) => boolean): void {
    if (!this.any) return;
    const renewed = new Set(fresh.map(({ name }) => name));
    for (const name of names) if (!isServed(name)) renewed.add(name);
    this.#all = this.#all.filter(({ resources }) =>
      renewed.isDisjointFrom(new Set(resources.keys())),
    );
  }

  /** Forgets those of which nothing is left to serve. */
  prune(isServed: (name: string) => boolean): void {
    if (!this.any) return;
    this.#all = this.#all.filter(({ resources }) => [...resources.keys()].some(isServed));
  }

  /** Which version of a resource was rejected last, or may have been, when and why. */
  of(name: string): { version: string; message: string; at: number } | undefined {
    const last = this.#all.findLast(({ resources }) => resources.has(name));
    if (last === undefined) return undefined;
    const { message, at, resources } = last;
    return { version: resources.get(name)?.version ?? '', message, at };
  }

  /** Those of which `version` says that the rejected version is still what is served. */
  current(version: (name: string) => string | undefined): Omit<RefusedResource, 'typeUrl'>[] {
    return this.#all.flatMap(({ resources, message, at, certain, since = 0 }) =>
      [...resources.values()]
        .filter((resource) => version(resource.name) === resource.version)
        .map(({ name, version }) => ({ name, version, message, at, certain, since })),
    );
  }

  /** What to serve for `resource`: itself, or the last good one, or nothing, when it was rejected. */
  replacement(resource: Resource): Resource | undefined {
    for (const { resources, certain, before } of this.#all) {
      if (certain && resources.get(resource.name)?.version === resource.version)
        return before.get(resource.name);
    }
    return resource;
  }
}

/** Whether these are the same resources in the same versions. */
function isSame(a: ReadonlyMap<string, Resource>, b: readonly Resource[]): boolean {
  return a.size === b.length && b.every(({ name, version }) => a.get(name)?.version === version);
}

/** The words of a message, without the punctuation around them: names of resources among them. */
function namesIn(message: string): ReadonlySet<string> {
  const words = message.split(/[\s,'"`()[\]{}]+/);
  return new Set(words.flatMap((word) => [word, word.replace(/[:;.]+$/, '')]));
}
