import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ApiError } from './problem.ts';

/** A server-sent event: its name, and data that JSON can hold. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  /** What is sent back as `Last-Event-ID` to go on after it. */
  readonly id?: string;
}

/** A stream that says nothing for so long is kept by a comment, in milliseconds. */
const KEEP_ALIVE = 15_000;
/** Who reads nothing for so many of these is left. */
const PATIENCE = 4;

declare module 'fastify' {
  interface FastifyInstance {
    readonly eventStreams: { open: number; readonly limit: number; readonly keepAlive: number };
  }
}

/**
 * Allows so many streams of events at a time.
 * @param keepAlive milliseconds between two looks at each
 */
export function limitStreams(app: FastifyInstance, limit: number, keepAlive = KEEP_ALIVE): void {
  app.decorate('eventStreams', { open: 0, limit, keepAlive });
}

/**
 * Answers with server-sent events, each as one line of JSON, as fast as the reader takes them. A
 * reader that takes none is left.
 * @param events is told by its signal when the reader has gone
 * @throws ApiError `too-many-streams`
 */
export function sendEvents(
  reply: FastifyReply,
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
): FastifyReply {
  const { eventStreams } = reply.server;
  if (eventStreams.open >= eventStreams.limit)
    throw new ApiError('too-many-streams', 'too many follow events here: ask another replica');
  eventStreams.open++;
  const gone = new AbortController();
  let take: (() => void) | undefined;
  const body = new Readable({ read: () => take?.() });
  let waits = 0;
  const timer = setInterval(() => {
    waits = body.readableLength > 0 ? waits + 1 : 0;
    if (waits >= PATIENCE) body.destroy();
    else if (waits === 0) body.push(': still here\n\n');
  }, eventStreams.keepAlive).unref();
  body.on('close', () => {
    clearInterval(timer);
    eventStreams.open--;
    gone.abort();
    take?.();
  });
  const write = async () => {
    for await (const event of events(gone.signal)) {
      if (gone.signal.aborted) return;
      if (body.push(textOf(event))) continue;
      await new Promise<void>((resolve) => {
        take = resolve;
      });
    }
    if (!gone.signal.aborted) body.push(null);
  };
  write().catch((error: Error) => body.destroy(error));
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(body);
}

function textOf({ event, data, id }: ServerEvent): string {
  const name = id === undefined ? '' : `id: ${id}\n`;
  return `${name}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
