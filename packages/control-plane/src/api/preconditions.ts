import type { FastifyRequest } from 'fastify';
import { ApiError } from './problem.ts';

/**
 * Whether what is there is what the caller has seen (RFC 9110 section 13).
 * @param current the entity tag with its quotes; undefined when there is nothing
 * @throws ApiError `precondition-failed`, with `current`
 */
export function checkPreconditions({ headers }: FastifyRequest, current: string | undefined): void {
  const { 'if-match': match, 'if-none-match': none } = headers;
  const holds = match === undefined || (current !== undefined && names(match, current));
  const absent = none === undefined || current === undefined || !names(none, current);
  if (holds && absent) return;
  throw new ApiError(
    'precondition-failed',
    current === undefined
      ? 'there is nothing: it was deleted, or never was'
      : `it is ${current} now: look at it, and try again`,
    { current: current ?? null },
  );
}

/** True when a reader has this already: `304`. */
export function isKnown({ headers }: FastifyRequest, current: string): boolean {
  const none = headers['if-none-match'];
  return none !== undefined && names(none, current);
}

/** True when a header names the tag, or any. */
function names(header: string, tag: string): boolean {
  return header.trim() === '*' || header.split(',').some((each) => each.trim() === tag);
}
