/** The parent's path as the tree keys it: `''` is the root, as in the original. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** The last element of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a path can have a parent at all; the first thing that create and delete look at. */
export function hasParent(path: string): boolean {
  return path.includes('/') && !path.includes('\0');
}

/** Control characters, surrogates with the private area, and specials: the original's list. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const REFUSED = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;
const RELATIVE_OR_EMPTY = /\/\.{0,2}(?=\/|$)/;

/**
 * Whether a path is a znode's: absolute, no empty, `.` or `..` element, no trailing slash, none of
 * the refused characters. The rules of `PathUtils.validatePath`.
 */
export function isValidPath(path: string): boolean {
  if (path === '/') return true;
  return path.startsWith('/') && !RELATIVE_OR_EMPTY.test(path) && !REFUSED.test(path);
}

/** The name's suffix in the sequential modes: ten digits, zero-padded, as Java's `%010d`. */
export function sequenceSuffix(counter: number): string {
  return counter < 0 ? `-${String(-counter).padStart(9, '0')}` : String(counter).padStart(10, '0');
}
