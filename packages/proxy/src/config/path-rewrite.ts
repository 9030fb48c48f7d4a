import type { RedirectAction, RouteAction, RouteMatch } from '@meshkeeper/xds';
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
    if (/[^!-~]|#/.test(substitution ?? '')) at.add('substitution', 'is no path');
    const replace = parseReplacement(pattern?.regex ?? '', substitution ?? '', at);
    return (path) => rooted(replace(path));
  }
  if (!prefixRewrite) return undefined;
  if (/[^!-~]|#/.test(prefixRewrite)) problems.add('prefix_rewrite', 'is no path');
  const matched = match.prefix ?? match.pathSeparatedPrefix;
  // An exact path, or one that fits a regular expression, is replaced as a whole.
  if (typeof matched !== 'string') return () => rooted(prefixRewrite);
  return (path) => rooted(prefixRewrite + path.slice(matched.length));
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
