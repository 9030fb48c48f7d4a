export { Barrier } from './barrier/barrier.ts';
export { DoubleBarrier } from './barrier/double-barrier.ts';
export {
  type AtomicChange,
  DistributedAtomicLong,
} from './counter/distributed-atomic-long.ts';
export {
  type Counted,
  IdempotentCounter,
  type IdempotentCounterOptions,
} from './counter/idempotent-counter.ts';
export { SharedCount, type VersionedCount } from './counter/shared-count.ts';
export type { SignalOption } from './counter/versioned-value.ts';
export { lifetimeOf } from './kept/expiries.ts';
export type { KeptFollower } from './kept/kept-follower.ts';
export {
  type KeepAlive,
  KeptLeases,
  type KeptLeasesOptions,
  type Meant,
} from './kept/kept-leases.ts';
export type { Grant, Granted, QueueKind, QueueRequest } from './kept/kept-queue.ts';
export type { Kept, KeptKey, KeptNode, KeptRecord } from './kept/kept-record.ts';
export {
  type Change,
  type Creation,
  KeptStore,
  type NewLease,
  type NewNode,
  newLeaseId,
  type Written,
} from './kept/kept-store.ts';
export { QUEUE_FOLDERS, queueName, queuePath } from './kept/queue-path.ts';
export { firstToLead } from './leader/first-to-lead.ts';
export {
  LeaderElection,
  type LeaderElectionOptions,
  type Reign,
} from './leader/leader-election.ts';
export { LeaderLatch, type LeaderLatchOptions } from './leader/leader-latch.ts';
export type { Participant } from './leader/participant.ts';
export type { AcquireOptions } from './lease/acquire-options.ts';
export { compareFencing, type Fencing, formatFencing, parseFencing } from './lease/fencing.ts';
export type { JointLease } from './lease/joint-lease.ts';
export type { Lease } from './lease/lease.ts';
export type { Lock, MutexAcquireOptions } from './lease/lock.ts';
export { attemptRevoke } from './lease/revocation.ts';
export type { TrustPolicy } from './lease/trust.ts';
export { listLock } from './listing/list-lock.ts';
export type { ListLockOptions, LockListing } from './listing/listing.ts';
export type { LockMember } from './listing/member.ts';
export { GroupMember, type GroupMemberOptions } from './membership/group-member.ts';
export { type Members, watchMembers } from './membership/members.ts';
export { PersistentNode, type PersistentNodeOptions } from './membership/persistent-node.ts';
export { MultiLock } from './multi-lock/multi-lock.ts';
export { Mutex } from './mutex/mutex.ts';
export { assign as assignPartitions } from './partition/hash-ring.ts';
export { PartitionLease } from './partition/partition-lease.ts';
export { type Owned, Partitioner, type PartitionerOptions } from './partition/partitioner.ts';
export { Claim } from './queue/claim.ts';
export { PriorityQueue } from './queue/priority-queue.ts';
export { Queue, type QueueItems } from './queue/queue.ts';
export type { QueueOptions } from './queue/queue-node.ts';
export { ReadWriteLock } from './read-write-lock/read-write-lock.ts';
export { RecipeError, type RecipeErrorCode } from './recipe-error.ts';
export type { RecipeOptions } from './recipe-options.ts';
export type { SemaphoreLimit } from './semaphore/limit.ts';
export { Semaphore, type SemaphoreAcquireOptions } from './semaphore/semaphore.ts';
export { SemaphoreMutex } from './semaphore/semaphore-mutex.ts';
