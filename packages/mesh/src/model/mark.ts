import type { Endpoint } from './endpoint.ts';

/**
 * The key of the metadata that marks an instance which a mesh has written somewhere, and what marked
 * names begin with. Where keys can't be spelled like this, any other sign stands for the dots, and
 * `meshkeeper.io/mirror` is the same: see {@link markOf}.
 */
export const MARK_KEY = 'meshkeeper.mirror';

/** What stands between the parts of a marked name; neither a mesh nor a rule has it. */
const SEPARATOR = '~';
const SPELLED = /^meshkeeper(?:[^a-z]io)?[^a-z]mirror$/;

/**
 * The labels that mark what is written where a value can't hold a slash, as Kubernetes' labels: the mesh,
 * and the destination.
 */
export const MARK_LABELS = {
  mesh: 'meshkeeper.io/mesh',
  rule: 'meshkeeper.io/destination',
} as const;

/** Who has written an instance. */
export interface Mark {
  /** The mesh: control planes that share an ensemble for their own state. Letters and digits. */
  readonly mesh: string;
  /** The mirror, or the destination: letters, digits, `.`, `_` and `-`. */
  readonly rule: string;
}

/** The metadata that marks an instance; it says also where the instance was read. */
export function markedMetadata({ mesh, rule }: Mark, registry: string): Record<string, string> {
  return { [MARK_KEY]: `${mesh}/${rule}/${registry.replace(/[^A-Za-z0-9._-]/g, '_')}` };
}

/** The id of a written instance, which is the mark where there is no metadata. */
export function markedId({ mesh, rule }: Mark, id: string): string {
  // A registry's id may be a path.
  const plain = id.replace(/[^A-Za-z0-9._-]/gu, encodeURIComponent);
  return [MARK_KEY, mesh, rule, plain].join(SEPARATOR);
}

/**
 * The mark on an instance, whichever mesh has written it; undefined of one that somebody has
 * registered. **No source gives what bears a mark**: it is served from where it was registered, and
 * what a mesh has written never comes back into one. A name counts only where the instance has no
 * metadata at all: otherwise that would say it.
 */
export function markOf({ id, metadata }: Pick<Endpoint, 'id' | 'metadata'>): Mark | undefined {
  const labelled = metadata[MARK_LABELS.mesh];
  if (labelled !== undefined) return { mesh: labelled, rule: metadata[MARK_LABELS.rule] ?? '' };
  const keys = Object.keys(metadata);
  const key = metadata[MARK_KEY] === undefined ? keys.find((each) => SPELLED.test(each)) : MARK_KEY;
  const parts =
    key !== undefined
      ? metadata[key]!.split('/')
      : keys.length === 0 && id.startsWith(MARK_KEY + SEPARATOR)
        ? id.split(SEPARATOR).slice(1)
        : [];
  const [mesh, rule, rest] = parts;
  return mesh === undefined || rule === undefined || rest === undefined
    ? undefined
    : { mesh, rule };
}
