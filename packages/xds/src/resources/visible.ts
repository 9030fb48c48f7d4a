/**
 * Whether a caller may reach a service, by name: `*` in a pattern stands for any characters; undefined
 * patterns are those of who may reach all.
 */
export function isVisible(patterns: readonly string[] | undefined): (service: string) => boolean {
  if (patterns === undefined) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*'));
  return (service) => exact.has(service) || globs.some((glob) => fits(glob, service));
}

/** Without a regular expression: what stars there are is up to who writes. */
function fits(glob: string, text: string): boolean {
  const [head = '', ...rest] = glob.split('*');
  const tail = rest.pop() ?? '';
  if (text.length < head.length + tail.length) return false;
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  const end = text.length - tail.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
