import {
  formatFencing,
  type KeptLeases,
  type LockMember,
  listLock,
  type QueueKind,
  queueName,
} from '@meshkeeper/recipes';
import type { ZooKeeper } from '@meshkeeper/zookeeper';

/** Who stands in a queue, as the API shows it. */
export interface MemberView {
  /** Who it says it is: of one who came by HTTP its holder's name, otherwise its znode's data. */
  readonly holder: string;
  /** RFC 3339. */
  readonly since: string;
  readonly fencing: string;
  readonly kind: LockMember['kind'];
  /** Its znode. */
  readonly path: string;
  /** The session that it goes with; undefined for one that lives by keep-alive. */
  readonly session?: string;
  /** Milliseconds, where it lives by keep-alive. */
  readonly ttl?: number;
  /** Milliseconds that it lasts yet unless it is kept alive, as far as this replica knows. */
  readonly expiresIn?: number;
  /** What the holder said of it, where that is not its name. */
  readonly data?: string;
}

/** A lock or an election, as the API shows it. */
export interface QueueView {
  readonly name: string;
  readonly path: string;
  readonly holders: readonly MemberView[];
  readonly waiters: readonly MemberView[];
}

/** A znode of ours has its lease's id in its name. */
const LEASE = /\/_c_([0-9a-f-]{36})-[^/]*$/;
/** Of what others say of themselves. */
const MOST_TEXT = 1_000;

/** Who holds and who waits, by whatever means they came. */
export async function queueView(
  zk: ZooKeeper,
  leases: KeptLeases,
  { kind, path }: { readonly kind: QueueKind; readonly path: string },
  signal: AbortSignal,
): Promise<QueueView> {
  const { holders, waiters } = await listLock(zk, path, { signal });
  const view = (members: readonly LockMember[]) =>
    Promise.all(members.map((member) => memberView(leases, member, signal)));
  return {
    ...{ name: queueName(kind, path), path },
    holders: await view(holders),
    waiters: await view(waiters),
  };
}

async function memberView(
  leases: KeptLeases,
  { path, kind, since, data, sessionId, fencing }: LockMember,
  signal: AbortSignal,
): Promise<MemberView> {
  const said = data.subarray(0, MOST_TEXT).toString();
  const common = {
    ...{ kind, path, since: since.toISOString(), fencing: formatFencing(fencing) },
  };
  if (sessionId !== 0n)
    return { holder: said, ...common, session: `0x${BigInt.asUintN(64, sessionId).toString(16)}` };
  const id = LEASE.exec(path)?.[1];
  if (id === undefined) return { holder: said, ...common };
  const kept = leases.follower.get(id) ?? (await leases.store.read(id, signal));
  if (kept === undefined) return { holder: said, ...common };
  const { holder, ttl } = kept.record;
  const expiresIn = leases.expiresIn(kept);
  return {
    ...{ holder, ...common, ttl },
    ...(expiresIn !== undefined && { expiresIn }),
    ...(said !== holder && { data: said }),
  };
}
