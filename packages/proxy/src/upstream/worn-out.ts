import type { ConnectionConfig } from '../config/connection-config.ts';

/** What a connection has done. */
export interface Worn {
  /** That it has carried. */
  readonly requests: number;
  /** When it began: milliseconds since the epoch. */
  readonly begun: number;
}

/** Whether it has carried all the requests that it may, or for as long as it may. */
export function isWornOut(
  { requests, begun }: Worn,
  { maxRequests, maxDuration }: ConnectionConfig,
  now: number,
): boolean {
  if (maxRequests > 0 && requests >= maxRequests) return true;
  return maxDuration > 0 && now - begun >= maxDuration;
}
