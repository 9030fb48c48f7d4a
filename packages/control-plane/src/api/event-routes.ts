import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EVENT_KINDS, type EventBus, type EventKind } from '../events/event-bus.ts';
import { EACH } from '../events/publish-services.ts';
import type { RecordKeeper, ServiceNews } from '../journal/record-keeper.ts';
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
export function eventRoutes(
  app: FastifyInstance,
  events: EventBus,
  records: Pick<RecordKeeper, 'since'>,
): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/events',
    id: 'followEvents',
    tag: 'control plane',
    summary: 'Everything that changes, as server-sent events',
    description: DESCRIPTION,
    role: 'viewer',
    query,
    answer: z.unknown().describe('JSON: what has changed, and when.'),
    type: 'text/event-stream',
    handle({ query: { kinds = EVENT_KINDS }, raw }, reply) {
      const id = raw.headers['last-event-id'];
      const told = new Told(events, records, new Set(kinds));
      return sendEvents(reply, (signal) => told.after(id && String(id), signal));
    },
  });
}

const DESCRIPTION = [
  'Each has an id; `Last-Event-ID` goes on after it. `ready` says that what was missed has been told.',
  "Of services that reaches back as far as the replica's journal (`controlPlane.dataDir`) does, also over its",
  'restarts; each that is another since is told once, without an id.',
  '`reset` says that some were missed, of all kinds or of its `kinds`: what is known of them from before counts',
  'no more. So it is at another replica: revisions are those of the replica that tells of them.',
].join('\n');

/** Events as one reader is told them. */
class Told {
  readonly #events: EventBus;
  readonly #records: Pick<RecordKeeper, 'since'>;
  readonly #wanted: ReadonlySet<EventKind>;

  constructor(
    events: EventBus,
    records: Pick<RecordKeeper, 'since'>,
    wanted: ReadonlySet<EventKind>,
  ) {
    this.#events = events;
    this.#records = records;
    this.#wanted = wanted;
  }

  /** What comes after an event; without it, from now on. */
  async *after(id: string | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const events = this.#events;
    const seen = id === undefined ? events : placeOf(id);
    if (seen?.run === events.run && events.since(seen.last) !== undefined) {
      // So that who follows knows at once that it does, and from where.
      yield this.#ready(seen);
      yield* this.#follow(seen.last, signal);
      return;
    }
    const since = seen && (await this.#records.since(seen));
    // What has changed until now, and what is told from now on: nothing comes in between.
    const { last } = events;
    const now = this.#ready(events);
    if (since === undefined) yield { ...now, event: 'reset' };
    else {
      // These have no ids: who is broken off among them begins with them again.
      yield* this.#missed(since(), events.revision);
      yield now;
    }
    yield* this.#follow(last, signal);
  }

  *#missed(news: readonly ServiceNews[], revision: number): Generator<ServerEvent> {
    const others = [...this.#wanted].filter((kind) => kind !== 'service');
    if (others.length > 0) yield { event: 'reset', data: { kinds: others } };
    if (!this.#wanted.has('service')) return;
    const at = timeView(Date.now());
    if (news.length > EACH)
      yield { event: 'service', data: { revision, changed: news.length, at } };
    else for (const each of news) yield { event: 'service', data: { revision, ...each, at } };
  }

  async *#follow(from: number, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    for await (const batch of this.#events.follow(from, signal)) {
      if (batch === undefined) yield { ...this.#ready(this.#events), event: 'reset' };
      for (const { number, kind, at, revision, data } of batch ?? [])
        if (this.#wanted.has(kind)) {
          const id = this.#id({ last: number, revision });
          yield { event: kind, id, data: { ...data, at: timeView(at) } };
        }
    }
  }

  #ready(at: Pick<Seen, 'last' | 'revision'>): ServerEvent {
    return { event: 'ready', data: {}, id: this.#id(at) };
  }

  #id({ last, revision }: Pick<Seen, 'last' | 'revision'>): string {
    return `${this.#events.run}-${last}-${revision}`;
  }
}

/** Where somebody is: what was told last, and the catalog's revision that was told with it. */
interface Seen {
  readonly run: string;
  readonly last: number;
  readonly revision: number;
}

/** What an id says; undefined for one that was never given. */
function placeOf(id: string): Seen | undefined {
  const [, run, last, revision] = /^([0-9a-f]{8})-(\d{1,15})-(\d{1,15})$/.exec(id) ?? [];
  return run === undefined ? undefined : { run, last: Number(last), revision: Number(revision) };
}
