/** Whether a path is a root or below it. */
export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root === '/' ? root : `${root}/`);
}
