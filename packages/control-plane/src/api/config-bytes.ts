import type { OutgoingHttpHeaders } from 'node:http';
import type { LiveResolved } from '@meshkeeper/config';
import type { FastifyReply } from 'fastify';
import { resolvedView } from './config-views.ts';

const NO_TEXTS: ReadonlyMap<string, string> = new Map();

/** An answer as it is sent. */
interface Made {
  readonly bytes: Buffer;
  readonly headers: OutgoingHttpHeaders;
  /** Of an answer without a body. */
  readonly seen: OutgoingHttpHeaders;
}

/**
 * Answers with what instances get, without the texts of secrets. Thousands may wait for the same: its bytes
 * are made once, and written past what else the framework does for an answer.
 */
export class ConfigBytes {
  readonly #made = new WeakMap<LiveResolved, Made>();

  /** @param isSeen who asks has it already: 304 */
  send(reply: FastifyReply, resolved: LiveResolved, isSeen: boolean): FastifyReply {
    const { raw } = reply;
    // What the framework would have sent besides, as what pages of other origins need.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) raw.setHeader(name, value);
    const { bytes, headers, seen } = this.#of(resolved);
    reply.hijack();
    if (isSeen) raw.writeHead(304, seen).end();
    else raw.writeHead(200, headers).end(bytes);
    return reply;
  }

  #of(resolved: LiveResolved): Made {
    let made = this.#made.get(resolved);
    if (made === undefined) {
      const bytes = Buffer.from(JSON.stringify(resolvedView(resolved, NO_TEXTS)));
      const seen = {
        etag: `"${resolved.digest}"`,
        // An answer without a body says so, too.
        ...(resolved.stale && { 'meshkeeper-stale': 'true' }),
      };
      const body = {
        'content-type': 'application/json; charset=utf-8',
        'content-length': bytes.length,
      };
      made = { bytes, headers: { ...seen, ...body }, seen };
      this.#made.set(resolved, made);
    }
    return made;
  }
}
