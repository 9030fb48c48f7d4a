import type { FastifyReply, FastifyRequest } from 'fastify';

/** Says where the next page is, `Link: <…>; rel="next"` (RFC 8288). */
export function linkNext(request: FastifyRequest, reply: FastifyReply, cursor: string): void {
  const url = new URL(request.url, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  void reply.header('link', `<${url.pathname}${url.search}>; rel="next"`);
}
