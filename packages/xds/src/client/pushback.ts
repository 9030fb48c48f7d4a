import type { ServiceError } from '@grpc/grpc-js';

/** Nobody stays away for longer, whatever is asked of it. Milliseconds. */
const LONGEST = 60_000;

/**
 * When a server that refuses a stream wants it to come back, in milliseconds (`grpc-retry-pushback-ms`, as
 * gRPC's A6 has it); undefined when it doesn't say so.
 */
export function pushback(error: Partial<ServiceError> | undefined): number | undefined {
  const [said] = error?.metadata?.get('grpc-retry-pushback-ms') ?? [];
  const wait = said === undefined || said === '' ? Number.NaN : Number(said);
  return wait >= 0 ? Math.min(LONGEST, wait) : undefined;
}
