import type { IncomingHead } from './stream.ts';

/** Envoy's `Grpc::Utility::grpcToHttpStatus`, by the number of gRPC's status. */
const HTTP_STATUSES: readonly number[] = [
  ...[200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401],
];

/**
 * What a response counts as: the status of gRPC, where its head says one, in HTTP's terms; gRPC's
 * servers fail with 200.
 */
export function countedStatus({ status, fields }: IncomingHead): number {
  if (status !== 200) return status;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length !== 11 || fields[i]!.toLowerCase() !== 'grpc-status') continue;
    return HTTP_STATUSES[Number(fields[i + 1])] ?? 500;
  }
  return status;
}
