import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** A server-sent event: its name, and data that JSON can hold. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/**
 * Answers with server-sent events, each as one line of JSON, as fast as the reader takes them.
 * @param events is told by its signal when the reader has gone
 */
export function sendEvents(
  reply: FastifyReply,
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
): FastifyReply {
  const gone = new AbortController();
  const body = Readable.from(texts(events(gone.signal)));
  body.on('close', () => gone.abort());
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(body);
}

async function* texts(events: AsyncIterable<ServerEvent>): AsyncGenerator<string, void, void> {
  for await (const { event, data } of events)
    yield `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
