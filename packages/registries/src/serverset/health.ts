import type { Health } from '@meshkeeper/mesh';
import type { MemberStatus } from './member.ts';

/** What a status says: Finagle routes to `ALIVE` only, and takes what it doesn't know for none. */
export function healthOf(status: unknown): Health {
  if (status === 'ALIVE') return 'unknown';
  return status === 'STOPPING' ? 'draining' : 'unhealthy';
}

/** The status of an instance that is registered with this health. */
export function statusOf(health: Health | undefined): MemberStatus {
  if (health === 'draining') return 'STOPPING';
  return health === 'unhealthy' ? 'DEAD' : 'ALIVE';
}
