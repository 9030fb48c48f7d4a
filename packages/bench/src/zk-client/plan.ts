/** What is asked of every client, and how many of it are outstanding at all times. */
export const OPERATIONS = ['get', 'set', 'create+delete'] as const;
export const WINDOWS = [1, 16, 256] as const;

/** Watches that are set and fired in one go, which is also how many znodes there are. */
export const WATCHES = 10_000;

/** Bytes of data of a znode. */
export const VALUE_SIZE = 100;

/** The znodes that are read, changed and watched: `/bench/nodes/0` and so on. */
export const NODES = '/bench/nodes';

/** Where create+delete makes its znodes, one for each of the window. */
export const MADE = '/bench/made';

/** How many operations a measured interval has. */
export function countOf(operation: (typeof OPERATIONS)[number], window: number): number {
  const reads = window === 1 ? 2_000 : window === 16 ? 8_000 : 20_000;
  return operation === 'get' ? reads : operation === 'set' ? reads / 2 : reads / 4;
}
