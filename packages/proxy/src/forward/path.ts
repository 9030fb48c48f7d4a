/** How paths are brought into one form before a route is chosen. */
export interface PathRules {
  /** Resolve dot segments and needless escapes. */
  readonly normalize: boolean;
  /** `//` is `/`. */
  readonly mergeSlashes: boolean;
}

const ESCAPED_SLASH = /%(?:2f|5c)/i;

/** A target with the slashes in its path as they are; the same when none is escaped. */
export function unescapeSlashes(target: string): string {
  if (!ESCAPED_SLASH.test(target)) return target;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const plain = path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  return mark < 0 ? plain : plain + target.slice(mark);
}

const IN_QUESTION = /\/[./]|[%\\"<>^`{|}]/;

/** A target (path and query) by these rules; undefined when it has no such form. */
export function normalizeTarget(target: string, rules: PathRules): string | undefined {
  const mark = target.indexOf('?');
  let path = mark < 0 ? target : target.slice(0, mark);
  if (!IN_QUESTION.test(path)) return target;
  if (rules.normalize) {
    if (path.includes('%00')) return undefined;
    path = path.replaceAll('\\', '/').replace(/%[0-9a-fA-F]{2}/g, decodeUnreserved);
    path = withoutDots(path).replace(/["<>^`{|}]/g, encoded);
  }
  if (rules.mergeSlashes) path = path.replace(/\/{2,}/g, '/');
  return mark < 0 ? path : path + target.slice(mark);
}

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function decodeUnreserved(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped;
}

/** RFC 3986, 5.2.4. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if (last && (segment === '..' || segment === '.')) kept.push('');
  }
  return `/${kept.join('/')}`;
}
