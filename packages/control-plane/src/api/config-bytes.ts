import type { LiveResolved } from '@meshkeeper/config';
import type { FastifyReply } from 'fastify';
import { resolvedView } from './config-views.ts';

const NO_TEXTS: ReadonlyMap<string, string> = new Map();

/**
 * Answers with what instances get, without the texts of secrets. Thousands may wait for the same: its bytes
 * are made once, and written past what else the framework does for an answer.
 */
export class ConfigBytes {
  readonly #made = new WeakMap<LiveResolved, Buffer>();

  /** @param isSeen who asks has it already: 304 */
  send(reply: FastifyReply, resolved: LiveResolved, isSeen: boolean): FastifyReply {
    const { digest, stale } = resolved;
    // What the framework would have sent besides, as what pages of other origins need.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    const headers = {
      etag: `"${digest}"`,
      // An answer without a body says so, too.
      ...(stale && { 'meshkeeper-stale': 'true' }),
    };
    reply.hijack();
    if (isSeen) {
      reply.raw.writeHead(304, headers).end();
      return reply;
    }
    const bytes = this.#of(resolved);
    const body = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': bytes.length,
    };
    reply.raw.writeHead(200, { ...headers, ...body }).end(bytes);
    return reply;
  }

  #of(resolved: LiveResolved): Buffer {
    let bytes = this.#made.get(resolved);
    if (bytes === undefined) {
      bytes = Buffer.from(JSON.stringify(resolvedView(resolved, NO_TEXTS)));
      this.#made.set(resolved, bytes);
    }
    return bytes;
  }
}
