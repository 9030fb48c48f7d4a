import type { RedirectAction, RouteAction, RouteMatch } from '@meshkeeper/xds';
import { parseUrlText } from './field-text.ts';
import type { Problems } from './problems.ts';
import { parseReplacement } from './regex.ts';

/** What becomes of a path, without its query. */
export type PathRewrite = (path: string) => string;

/** `prefix_rewrite` or `regex_rewrite` of a route that `match` led to; undefined for neither. */
export function parsePathRewrite(
  {
    prefixRewrite,
    regexRewrite,
  }: Pick<RouteAction & RedirectAction, 'prefixRewrite' | 'regexRewrite'>,
  match: RouteMatch,
  problems: Problems,
): PathRewrite | undefined {
  if (regexRewrite) {
    const { pattern, substitution } = regexRewrite;
    const at = problems.at('regex_rewrite');
    parseUrlText(substitution, 'substitution', at);
    const replace = parseReplacement(pattern?.regex ?? '', substitution ?? '', at);
    return (path) => rooted(replace(path));
  }
  if (!prefixRewrite) return undefined;
  parseUrlText(prefixRewrite, 'prefix_rewrite', problems);
  const matched = match.prefix ?? match.pathSeparatedPrefix;
  // An exact path, or one that fits a regular expression, is replaced as a whole.
  if (typeof matched !== 'string') return () => rooted(prefixRewrite);
  return (path) => rooted(prefixRewrite + path.slice(matched.length));
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
