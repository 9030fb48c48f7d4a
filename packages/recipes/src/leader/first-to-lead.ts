import { inOrder } from '../mutex/turn.ts';

/**
 * Who leads among the children of an election's znode: the first in the queue of Curator's `LeaderLatch`
 * or `LeaderSelector`, ours, or `meshkeeper elect`; undefined when nobody stands. For who watches an
 * election without standing in it.
 */
export function firstToLead(children: readonly string[]): string | undefined {
  return inOrder(children, 'latch-', 'lock-')[0];
}
