import type { Actor, NamespaceRef } from '@meshkeeper/config';
import type { z } from 'zod';
import { type Caller, may, writtenBy } from '../auth/caller.ts';
import { ROLES } from '../auth/roles.ts';
import type { ApiErrorCode } from './problem.ts';
import type { namespaceParams } from './schemas/config-schemas.ts';

/** How long ZooKeeper may take before the API says that it is away, in milliseconds. */
const PATIENCE = 15_000;

/** What any write of configuration may answer with. */
export const CONFIG_WRITES: readonly ApiErrorCode[] = [
  ...(['unknown-config', 'invalid-config', 'conflict', 'too-large'] as const),
  'zookeeper-unavailable',
];
/** What any read of configuration may answer with. */
export const CONFIG_READS: readonly ApiErrorCode[] = [
  ...(['unknown-config', 'invalid-config', 'zookeeper-unavailable'] as const),
];

/** Who calls, with all roles that theirs hold. */
export function actorOf(caller: Caller): Actor {
  return { name: writtenBy(caller), roles: ROLES.filter((role) => may(caller, role)) };
}

/** Ends what takes too long. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE);
}

/** How long an answer waits until who reads here after it sees what was written, in milliseconds. */
const SERVED = 1_000;

/** Ends that wait: it is written, and will be served. */
export function soon(): AbortSignal {
  return AbortSignal.timeout(SERVED);
}

/** The namespace that a path names. */
export function refOf({ application, namespace }: z.output<typeof namespaceParams>): NamespaceRef {
  return { application, namespace };
}
