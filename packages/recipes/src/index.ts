export {
  LeaderElection,
  type LeaderElectionOptions,
  type Reign,
} from './leader/leader-election.ts';
export { LeaderLatch, type LeaderLatchOptions } from './leader/leader-latch.ts';
export type { Participant } from './leader/participant.ts';
export type { AcquireOptions } from './lease/acquire-options.ts';
export { compareFencing, type Fencing, formatFencing, parseFencing } from './lease/fencing.ts';
export type { Lease } from './lease/lease.ts';
export type { TrustPolicy } from './lease/trust.ts';
export { Mutex, type MutexAcquireOptions } from './mutex/mutex.ts';
export { RecipeError, type RecipeErrorCode } from './recipe-error.ts';
export type { RecipeOptions } from './recipe-options.ts';
