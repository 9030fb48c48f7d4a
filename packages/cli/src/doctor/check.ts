import type { Facts } from './facts.ts';

/** What checks are shown under, in this order. */
export const GROUPS = [
  'configuration',
  'ZooKeeper',
  'registries',
  'other platforms',
  'control plane',
  'data planes',
  'machine',
] as const;
export type Group = (typeof GROUPS)[number];

/** Something that is not as it should be. */
export interface Finding {
  /** An error stops something from working; a warning may be meant. */
  readonly severity: 'error' | 'warning';
  /** What was seen. */
  readonly seen: string;
  /** What to do about it. */
  readonly todo: string;
}

/** A look for one fault. */
export interface Check {
  /** Stable: scripts go by it. */
  readonly id: string;
  readonly group: Group;
  /** What is so when all is well. */
  readonly well: string;
  /**
   * Looks for it.
   * @throws Unknown when what it needs can't be had: then another check says why
   */
  find(facts: Facts, signal: AbortSignal): Promise<readonly Finding[]>;
}

/** A check can't be made, for a reason that is told elsewhere, or because it isn't asked for. */
export class Unknown extends Error {
  override readonly name = 'Unknown';
}

export function error(seen: string, todo: string): Finding {
  return { severity: 'error', seen, todo };
}

export function warning(seen: string, todo: string): Finding {
  return { severity: 'warning', seen, todo };
}
