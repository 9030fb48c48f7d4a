import type { Endpoint } from '@meshkeeper/mesh';
import type { ZNode } from '../tree/tree-change.ts';

/** The key of the metadata that marks a mirrored instance, and what marked names begin with. */
export const MIRROR_KEY = 'meshkeeper.mirror';

/** What stands between the parts of a marked name; neither a mesh nor a rule has it. */
const SEPARATOR = '~';

/** Who has mirrored an instance. */
export interface Mark {
  /** The mesh: control planes that share an ensemble for their own state. Letters and digits. */
  readonly mesh: string;
  /** The rule's name: letters, digits, `.`, `_` and `-`. */
  readonly rule: string;
}

/** The metadata that marks an instance; it says also where the instance was read. */
export function markedMetadata({ mesh, rule }: Mark, registry: string): Record<string, string> {
  return { [MIRROR_KEY]: `${mesh}/${rule}/${registry.replace(/[^A-Za-z0-9._-]/g, '_')}` };
}

/** The id of a mirrored instance, which is the mark where there is no metadata. */
export function markedId({ mesh, rule }: Mark, id: string): string {
  // A registry's id may be a path.
  const plain = id.replace(/[^A-Za-z0-9._-]/gu, encodeURIComponent);
  return [MIRROR_KEY, mesh, rule, plain].join(SEPARATOR);
}

/**
 * The mark on an instance; undefined of one that somebody has registered. A name counts only where
 * the instance has no metadata at all, as Curator's: otherwise that would say it.
 */
export function markOf({ id, metadata }: Pick<Endpoint, 'id' | 'metadata'>): Mark | undefined {
  const marked = metadata[MIRROR_KEY];
  const parts =
    marked !== undefined
      ? marked.split('/')
      : Object.keys(metadata).length === 0 && id.startsWith(MIRROR_KEY + SEPARATOR)
        ? id.split(SEPARATOR).slice(1)
        : [];
  const [mesh, rule, rest] = parts;
  return mesh === undefined || rule === undefined || rest === undefined
    ? undefined
    : { mesh, rule };
}

/** Of one mesh and rule. */
export function isSameMark(a: Mark, b: Mark): boolean {
  return a.mesh === b.mesh && a.rule === b.rule;
}

/** Which of two that would mirror one instance into one place does it: the same, whoever asks. */
export function goesBefore(a: Mark, b: Mark): boolean {
  return a.mesh === b.mesh ? a.rule < b.rule : a.mesh < b.mesh;
}

/** False for a znode that says nothing of a mark anywhere, which is nearly every one. */
export function mayBeMarked({ path, data }: Pick<ZNode, 'path' | 'data'>): boolean {
  return path.includes(MIRROR_KEY) || data.includes(MIRROR_KEY);
}
