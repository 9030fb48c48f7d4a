import type { PathChange, RequestMatch } from '@meshkeeper/mesh';
import { withoutSlash } from './match.ts';

/** How a path is changed, as both routes and redirects have it. */
export interface PathFields {
  prefixRewrite?: string;
  regexRewrite?: { pattern: { regex: string }; substitution: string };
}

/**
 * What replaces the path, or the prefix that fits. Envoy puts texts together as they are: of `/a` that
 * becomes `/` the slash behind it goes too, and of `/` that becomes `/b` one is put between.
 */
export function pathFields(change: PathChange, { path }: RequestMatch): PathFields {
  if (change.type === 'full') return replaced('^.*$', change.value);
  const from = path.type === 'prefix' ? withoutSlash(path.value) : '';
  const to = withoutSlash(change.value);
  if (from === '') return { prefixRewrite: `${to}/` };
  return to === '' ? replaced(`^${escaped(from)}/*`, '/') : { prefixRewrite: to };
}

function replaced(regex: string, text: string): PathFields {
  return { regexRewrite: { pattern: { regex }, substitution: text.replaceAll('\\', '\\\\') } };
}

/** A text that a regular expression takes as it is. */
export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
