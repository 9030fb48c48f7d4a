import { type Content, documentOf, type Format } from '../model/content.ts';
import type { PlainEntry } from '../model/entry.ts';
import type { NamespaceRef } from '../model/names.ts';

/** A namespace that comes from elsewhere, or goes there. It has no secrets. */
export interface Exchanged extends NamespaceRef {
  readonly format: Format;
  readonly entries: ReadonlyMap<string, PlainEntry>;
  readonly schema?: string;
  /** Whether others may link to it; undefined: it stays what it is. */
  readonly public?: boolean;
}

/** What is said of an application as a whole. */
export interface ApplicationSettings {
  /** The strongest first. */
  readonly links: readonly NamespaceRef[];
  /** Who has edited something may not publish it. */
  readonly fourEyes: boolean;
}

/** What could not be taken over, and why. */
export interface ExchangeProblem {
  readonly where: string;
  readonly message: string;
}

/** What was read. */
export interface Imported {
  readonly namespaces: readonly Exchanged[];
  readonly problems: readonly ExchangeProblem[];
  /** By application; of those that are not named they stay what they are. */
  readonly settings: ReadonlyMap<string, ApplicationSettings>;
}

/** A content without its secrets, which are named. */
export function withoutSecrets({ format, entries, schema }: Content): {
  readonly content: Omit<Exchanged, keyof NamespaceRef>;
  readonly secrets: readonly string[];
} {
  const plain = new Map<string, PlainEntry>();
  const secrets: string[] = [];
  for (const [key, entry] of entries)
    if (entry.type === 'secret') secrets.push(key);
    else plain.set(key, entry);
  return {
    content: { format, entries: plain, ...(schema !== undefined && { schema }) },
    secrets,
  };
}

/** A namespace that is one document. */
export function documentNamespace(
  ref: NamespaceRef,
  format: Exclude<Format, 'keys'>,
  text: string,
): Exchanged {
  const { entries } = documentOf(format, text);
  // A document is no secret.
  return { ...ref, format, entries: entries as ReadonlyMap<string, PlainEntry> };
}

/** Puts values together by namespace. */
export class Gathered {
  readonly #byRef = new Map<string, NamespaceRef & { entries: Map<string, PlainEntry> }>();
  readonly problems: ExchangeProblem[] = [];

  add({ application, namespace }: NamespaceRef, key: string, value: string): void {
    const name = `${application}/${namespace}`;
    let found = this.#byRef.get(name);
    if (found === undefined) {
      found = { application, namespace, entries: new Map() };
      this.#byRef.set(name, found);
    }
    found.entries.set(key, { type: 'text', value });
  }

  problem(where: string, message: string): void {
    this.problems.push({ where, message });
  }

  /** @param documents what is there besides */
  imported(documents: readonly Exchanged[] = []): Imported {
    const keys = [...this.#byRef.values()].map((each): Exchanged => ({ ...each, format: 'keys' }));
    return { namespaces: [...keys, ...documents], problems: this.problems, settings: new Map() };
  }
}
