import { createHash } from 'node:crypto';
import type { Entries } from './content.ts';
import type { Entry } from './entry.ts';
import type { NamespaceRef } from './names.ts';

/** A namespace as an instance gets it. */
export interface Layer extends NamespaceRef {
  readonly release: number;
  /** The gray release that it is of, by name. */
  readonly gray?: string;
  /** Flattened. */
  readonly entries: Entries;
}

/** A value, and where it comes from. */
export interface ResolvedValue {
  readonly entry: Entry;
  readonly from: Omit<Layer, 'entries'>;
}

/** What an instance gets. */
export interface Resolution {
  /** In the order of the keys. */
  readonly values: ReadonlyMap<string, ResolvedValue>;
  /** Of keys, types and values: what is read from other releases, but the same, has the same. */
  readonly digest: string;
}

/** Lays layers over each other, each key by itself. @param layers the strongest first */
export function resolve(layers: readonly Layer[]): Resolution {
  const found = new Map<string, ResolvedValue>();
  for (const { entries, ...from } of layers)
    for (const [key, entry] of entries) if (!found.has(key)) found.set(key, { entry, from });
  const values = new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { values, digest: digestOf(values) };
}

function digestOf(values: ReadonlyMap<string, ResolvedValue>): string {
  const hash = createHash('sha256');
  for (const [key, { entry }] of values) {
    const value = entry.type === 'secret' ? [entry.secret, entry.digest] : [entry.value];
    hash.update(JSON.stringify([key, entry.type, ...value]));
  }
  return hash.digest('base64url').slice(0, 32);
}
