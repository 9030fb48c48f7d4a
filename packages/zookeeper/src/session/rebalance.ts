import type { HostPort } from '../connect-string.ts';

/** How a client takes a new list of servers. Each number is a probability. */
export interface Rebalance {
  /** That it leaves its server. */
  readonly leave: number;
  /** When it leaves: that it goes to a server which the old list did not have. */
  readonly toNew: number;
}

/**
 * What a client at `current` does so that, when all clients do it and were spread evenly over the
 * old list, they are spread evenly over the new one, and no more of them move than it takes
 * (ZOOKEEPER-1355). Pure.
 */
export function rebalance(
  old: readonly HostPort[],
  next: readonly HostPort[],
  current: HostPort,
): Rebalance {
  const kept = next.filter((host) => contains(old, host)).length;
  const stays = contains(next, current);
  if (next.length > old.length)
    return { leave: stays ? 1 - old.length / next.length : 1, toNew: 1 };
  if (stays) return { leave: 0, toNew: 0 };
  // The clients of the servers that went: the kept ones take their share of them, the new ones the rest.
  const gone = old.length - kept;
  const toKept = gone === 0 ? 1 : (kept * (old.length - next.length)) / (next.length * gone);
  return { leave: 1, toNew: 1 - toKept };
}

/** True when a list has that server. */
export function contains(hosts: readonly HostPort[], { host, port }: HostPort): boolean {
  return hosts.some((other) => other.host === host && other.port === port);
}
