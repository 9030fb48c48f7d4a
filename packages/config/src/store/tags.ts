import { ConfigError } from '../config-error.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import type { NamespaceState } from './namespace-state.ts';

/**
 * Names what an edit begins with: the draft, or where there is none the head that a draft would be based
 * on. For `If-Match`.
 */
export function tagOf(state: NamespaceState | undefined): string {
  return state?.draft?.tag ?? `r${state?.pointer.head?.number ?? 0}`;
}

/** @throws ConfigError STALE. `*` is whatever is there. */
export function checkTag(tag: string, state: NamespaceState, ref: NamespaceRef): void {
  if (tag === '*' || tag === tagOf(state)) return;
  const { draft, pointer } = state;
  const last = draft ?? pointer.head;
  const who = last === undefined ? '' : ` by ${last.by} at ${new Date(last.at).toISOString()}`;
  throw new ConfigError(
    'STALE',
    `${draft ? 'the draft' : 'the head'} of ${refText(ref)} is another now${who}: read it again`,
    last && { by: last.by, at: last.at },
  );
}
