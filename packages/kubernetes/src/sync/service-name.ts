import { hash } from 'node:crypto';

/** What a name of a Service may be long. */
const LONGEST = 63;
const HASH = 6;

/**
 * A name as Kubernetes takes it for a Service (DNS-1035: `a-z`, digits and `-`, beginning with a
 * letter, at most 63): lower case, every run of other characters one `-`. It is not always unique.
 */
export function plainServiceName(name: string): string {
  const dashed = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const lettered = /^[a-z]/.test(dashed) ? dashed : `s-${dashed}`.replace(/-+$/, '');
  return lettered.length <= LONGEST ? lettered : hashed(lettered, name);
}

/** The name of a service that would share its plain one with another. */
export function hashedServiceName(name: string): string {
  return hashed(plainServiceName(name), name);
}

function hashed(plain: string, name: string): string {
  const head = plain.slice(0, LONGEST - HASH - 1).replace(/-+$/, '');
  return `${head}-${hash('sha256', name, 'hex').slice(0, HASH)}`;
}

/**
 * The names of many services, kept while they come and go. A service whose name is valid as it is
 * keeps it; of others that would share one, each gets a short hash.
 */
export class ServiceNames {
  /** Services by the plain name that they would have. */
  readonly #sharing = new Map<string, Set<string>>();

  /** The name of a service that was added. */
  of(name: string): string {
    const plain = plainServiceName(name);
    const alone = (this.#sharing.get(plain)?.size ?? 0) <= 1;
    return alone || plain === name ? plain : hashedServiceName(name);
  }

  /** All that would have the plain name of this one. */
  sharing(name: string): Iterable<string> {
    return this.#sharing.get(plainServiceName(name)) ?? [];
  }

  /** Adds a service. @returns the others that may have another name now */
  add(name: string): readonly string[] {
    const plain = plainServiceName(name);
    const sharing = this.#sharing.get(plain);
    if (sharing === undefined) this.#sharing.set(plain, new Set([name]));
    else if (!sharing.has(name)) return [...sharing.add(name)].filter((other) => other !== name);
    return [];
  }

  /** Takes a service away. @returns the others that may have another name now */
  delete(name: string): readonly string[] {
    const plain = plainServiceName(name);
    const sharing = this.#sharing.get(plain);
    if (sharing?.delete(name) !== true) return [];
    if (sharing.size === 0) this.#sharing.delete(plain);
    return [...sharing];
  }
}
