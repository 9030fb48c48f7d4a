import { DEFAULT_NAMESPACE, type NamespaceRef, refText, SHARED_APPLICATION } from './names.ts';

/** What an application is resolved from. */
export interface LayersOptions {
  readonly application: string;
  /** The later ones are stronger. */
  readonly profiles: readonly string[];
  /** Public namespaces of others, the first the strongest. */
  readonly links?: readonly NamespaceRef[];
  /** The application that all share. Default `application`. */
  readonly shared?: string;
}

/**
 * The namespaces that an application is made of, the strongest first: `app,profile > app > links >
 * shared,profile > shared`. Spring's order, and what it links to in between. None twice.
 */
export function layersOf({
  application,
  profiles,
  links = [],
  shared = SHARED_APPLICATION,
}: LayersOptions): readonly NamespaceRef[] {
  const names = [...profiles.toReversed(), DEFAULT_NAMESPACE];
  const all = [
    ...names.map((namespace) => ({ application, namespace })),
    ...links,
    ...names.map((namespace) => ({ application: shared, namespace })),
  ];
  const seen = new Set<string>();
  return all.filter((ref) => {
    const text = refText(ref);
    return !seen.has(text) && seen.add(text);
  });
}
