import { suggest } from '../read/suggest.ts';
import { KINDS, type PolicyKind } from './kinds.ts';

const ALL = Object.keys(KINDS) as PolicyKind[]; // its keys are the kinds
/** What people call them besides, all in lower case. */
const NAMES: ReadonlyMap<string, PolicyKind> = new Map(
  ALL.flatMap((kind) => {
    const name = kind.toLowerCase();
    const short = name.replace(/(route|policy)$/, '');
    const plural =
      name.endsWith('y') && name !== 'gateway' ? `${name.slice(0, -1)}ies` : `${name}s`;
    return [name, plural, short].map((each) => [each, kind] as const);
  }),
)
  .set('gw', 'Gateway')
  .set('gtw', 'Gateway');

/**
 * The kind that people mean: in any case, as a plural, or without `Route` and `Policy` at its end
 * (`httproutes`, `http`, `gw`). Undefined when it is none.
 */
export function kindNamed(text: string): PolicyKind | undefined {
  return NAMES.get(text.toLowerCase());
}

/** The kind that a text which names none was most likely meant to name. */
export function suggestKind(text: string): PolicyKind | undefined {
  const meant = suggest(text, [...NAMES.keys()]);
  return meant === undefined ? undefined : NAMES.get(meant);
}
