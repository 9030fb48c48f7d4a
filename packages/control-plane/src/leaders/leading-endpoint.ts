import type { Endpoint } from '@meshkeeper/mesh';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Leader } from './follow-election.ts';

/** Endpoints that are asked for their session at once. */
const AT_ONCE = 32;

/**
 * Which of a service's endpoints leads: the one whose id, address and port, or address is what the leader
 * stands as; else the one that was registered by the session that it stands by, as applications do that
 * use one client for both.
 */
export async function leadingEndpoint(
  leader: Leader,
  endpoints: readonly Endpoint[],
  zk: ZooKeeper,
  signal: AbortSignal,
): Promise<Endpoint | undefined> {
  const named = endpoints.filter((endpoint) => isNamed(endpoint, leader.id));
  if (named.length === 1) return named[0];
  if (leader.session === 0n) return undefined;
  // What is read elsewhere than in ZooKeeper is no session's.
  const znodes = endpoints.filter(({ origin }) => origin.czxid !== undefined);
  for (let from = 0; from < znodes.length; from += AT_ONCE) {
    const some = znodes.slice(from, from + AT_ONCE);
    const owners = await Promise.all(some.map(({ origin }) => ownerOf(origin.path, zk, signal)));
    const at = owners.indexOf(leader.session);
    if (at !== -1) return some[at];
  }
  return undefined;
}

function isNamed({ id, address, hostname = address, port }: Endpoint, as: string): boolean {
  const host = address.includes(':') ? `[${address}]` : address;
  return [id, `${host}:${port}`, `${hostname}:${port}`, address, hostname].includes(as);
}

async function ownerOf(
  path: string,
  zk: ZooKeeper,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  try {
    return (await zk.exists(path, { signal }))?.ephemeralOwner;
  } catch (error) {
    if (isZooKeeperError(error, 'NO_AUTH')) return undefined;
    throw error;
  }
}
