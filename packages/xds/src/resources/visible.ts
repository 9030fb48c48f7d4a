import { fitsPattern } from '@meshkeeper/mesh';

/**
 * Whether a caller may reach a service, by name: `*` in a pattern stands for any characters; undefined
 * patterns are those of who may reach all.
 */
export function isVisible(patterns: readonly string[] | undefined): (service: string) => boolean {
  if (patterns === undefined) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*'));
  return (service) => exact.has(service) || globs.some((glob) => fitsPattern(glob, service));
}
