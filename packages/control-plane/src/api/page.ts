import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError } from './problem.ts';

/** What a list takes that can be asked for page by page. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('So many at most. Default: all.'),
  cursor: z
    .string()
    // As `next` is made: of other characters less would be too long for a request.
    .regex(/^[A-Za-z0-9_-]{0,4096}$/)
    .optional()
    .describe('`next` of the page before.'),
};

/** What is said beside a page. */
export const nextSchema = {
  next: z.string().optional().describe('`cursor` of the next page; without it there is none.'),
};

/** Which page is asked for. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A page, as answers hold it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Where a page ended: by the name of its last, so that what comes and goes moves nothing else. */
const PREFIX = 'after:';

/** Says where the next page is, `Link: <…>; rel="next"` (RFC 8288). */
export function linkNext(request: FastifyRequest, reply: FastifyReply, cursor: string): void {
  const url = new URL(request.url, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  void reply.header('link', `<${url.pathname}${url.search}>; rel="next"`);
}

/**
 * The page of a list that a request asks for, and a link to the next.
 * @param keyOf tells each from all others; the order is by it
 * @throws ApiError `invalid-request` for a cursor that is none
 */
export function pageOf<T>(
  list: readonly T[],
  keyOf: (item: T) => string,
  { limit, cursor }: PageQuery,
  request: FastifyRequest,
  reply: FastifyReply,
): Page<T> {
  const after = cursor === undefined ? undefined : nameIn(cursor);
  const sorted = list
    .map((item) => ({ key: keyOf(item), item }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = sorted.slice(0, limit);
  const items = page.map(({ item }) => item);
  const last = page.at(-1);
  if (last === undefined || page.length === sorted.length) return { items };
  const next = Buffer.from(PREFIX + last.key).toString('base64url');
  linkNext(request, reply, next);
  return { items, next };
}

/** True when a request asks for a part. @throws ApiError `invalid-request`: what is watched is whole */
export function isPaged({ limit, cursor }: PageQuery, watch?: unknown): boolean {
  const paged = limit !== undefined || cursor !== undefined;
  if (paged && watch !== undefined)
    throw new ApiError('invalid-request', 'what is watched has no pages: leave limit and cursor');
  return paged;
}

function nameIn(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (text.startsWith(PREFIX)) return text.slice(PREFIX.length);
  throw new ApiError('invalid-request', 'the cursor is none of this list: begin without');
}
