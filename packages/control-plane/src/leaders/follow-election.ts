import { firstToLead } from '@meshkeeper/recipes';
import { watchTree } from '@meshkeeper/registries';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';

/** Who leads, as its znode in the election says. */
export interface Leader {
  /** What it stands as: Curator's participant id, the znode's data. */
  readonly id: string;
  /** The session that it stands by. */
  readonly session: bigint;
}

/** Longer ids are none of an endpoint. */
const MAX_ID = 1024;

/**
 * Follows an election without standing in it: who leads, at first and with each change; undefined while
 * nobody stands. With ZooKeeper away it says nothing: the last leader is the last known.
 */
export async function* followElection(
  zk: ZooKeeper,
  path: string,
  { signal, logger }: { readonly signal: AbortSignal; readonly logger: Logger },
): AsyncGenerator<Leader | undefined> {
  const standing = new Map<string, Leader>();
  const unreadable = (at: string, err: Error) =>
    logger.warn({ path: at, err }, 'an election can not be read');
  let complete = false;
  for await (const event of watchTree(zk, path, { signal, unreadable })) {
    if (event.type === 'changes') {
      for (const { path: at } of event.removed) standing.delete(nameIn(path, at));
      for (const { path: at, data, stat } of event.upserted) {
        const id = data.subarray(0, MAX_ID).toString();
        standing.set(nameIn(path, at), { id, session: stat.ephemeralOwner });
      }
    }
    complete ||= event.type === 'complete';
    if (!complete) continue;
    const first = firstToLead([...standing.keys()]);
    yield first === undefined ? undefined : standing.get(first);
  }
}

/** The election itself has no name, and nobody stands below a participant. */
function nameIn(election: string, path: string): string {
  return path.slice(election.length + 1);
}
