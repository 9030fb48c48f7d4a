import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type BusEvent, EVENT_KINDS, type EventBus, type EventKind } from '../events/event-bus.ts';
import { type ServerEvent, sendEvents } from './event-stream.ts';
import { timeView } from './proxy-views.ts';
import { route } from './route.ts';

const query = z.strictObject({
  kinds: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(EVENT_KINDS)))
    .optional()
    .describe('Only these, `service,policies`. Default: all.'),
});

/** Everything that changes. */
export function eventRoutes(app: FastifyInstance, events: EventBus): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/events',
    id: 'followEvents',
    tag: 'control plane',
    summary: 'Everything that changes, as server-sent events',
    description:
      'Each has an id; `Last-Event-ID` goes on after it. It begins with `ready`. `reset` says that some were missed: what is known of before counts no more.',
    role: 'viewer',
    query,
    answer: z.unknown().describe('JSON: what has changed, and when.'),
    type: 'text/event-stream',
    handle({ query: { kinds = EVENT_KINDS }, raw }, reply) {
      const wanted = new Set<EventKind>(kinds);
      const from = positionOf(raw.headers['last-event-id'], events);
      return sendEvents(reply, (signal) => told(events, from, wanted, signal));
    },
  });
}

/** Where to go on; undefined when that can't be told any more. */
function positionOf(id: string | string[] | undefined, events: EventBus): number | undefined {
  if (id === undefined) return events.last;
  const [, run, number] = /^([0-9a-f]+)-(\d{1,15})$/.exec(String(id)) ?? [];
  return run === events.run ? Number(number) : undefined;
}

async function* told(
  events: EventBus,
  from: number | undefined,
  wanted: ReadonlySet<EventKind>,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const idOf = (number: number) => `${events.run}-${number}`;
  const reset = () => ({ event: 'reset', data: {}, id: idOf(events.last) });
  if (from === undefined) yield reset();
  // So that who follows knows at once that it does, and from where.
  else yield { event: 'ready', data: {}, id: idOf(from) };
  for await (const batch of events.follow(from ?? events.last, signal)) {
    if (batch === undefined) yield reset();
    for (const each of batch ?? []) if (wanted.has(each.kind)) yield eventOf(each, idOf);
  }
}

function eventOf({ number, kind, at, data }: BusEvent, idOf: (n: number) => string): ServerEvent {
  return { event: kind, id: idOf(number), data: { ...data, at: timeView(at) } };
}
