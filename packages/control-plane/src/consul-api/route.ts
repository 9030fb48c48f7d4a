import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '../auth/roles.ts';
import { ConsulFault } from './consul-fault.ts';
import { type Waiting, waitOf } from './waiting.ts';

const one = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? (value.at(-1) ?? '') : value));

/** Parameters of Consul's that count here; all others are let be, as Consul does. */
const querySchema = z.object({
  index: one.optional(),
  wait: one.optional(),
  tag: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .default([]),
  passing: one.optional(),
  recurse: one.optional(),
  keys: one.optional(),
  raw: one.optional(),
  separator: one.optional(),
  acquire: one.optional(),
  release: one.optional(),
});

/** What a client asks besides the path. */
export type ConsulQuery = z.output<typeof querySchema>;

/** A request of Consul's API. */
export interface ConsulRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: ConsulQuery;
  readonly body: Buffer;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** One route: Consul's own document says what it answers. */
export interface ConsulRoute {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly role: Role;
  handle(request: ConsulRequest, reply: FastifyReply): unknown;
}

/** Adds a route, which is none of our own API: its document doesn't have it. */
export function consulRoute(
  app: FastifyInstance,
  { method, path, role, handle }: ConsulRoute,
): void {
  const id = `consul ${method} ${path}`;
  app.route<{ Params: Record<string, string> }>({
    ...{ method, url: path },
    config: { notes: { id, role, audited: false, openOnLoopback: false, mustMatch: false } },
    async handler(request, reply) {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const answer = await handle(
        {
          params: request.params,
          query: querySchema.parse(request.query),
          body: bodyOf(request),
          signal: gone.signal,
        },
        reply,
      );
      if (reply.sent || answer === reply) return reply;
      return reply.type('application/json').send(JSON.stringify(answer));
    },
  });
}

/** Waits as Consul's blocking queries do, and says of which index the answer is. */
export async function blocking(
  { query, signal }: ConsulRequest,
  reply: FastifyReply,
  waiting: Waiting,
  index: () => number,
): Promise<number> {
  const known = query.index === undefined ? 0 : Number(query.index);
  if (!Number.isSafeInteger(known) || known < 0)
    throw new ConsulFault(400, `Invalid index: "${query.index}" is no number`);
  const { eventStreams } = reply.server;
  const waits = known > 0 && index() === known;
  if (waits && eventStreams.open >= eventStreams.limit)
    throw new ConsulFault(429, 'too many wait for changes here: ask another replica');
  if (waits) eventStreams.open++;
  let reached: number;
  try {
    reached = await waiting.until(index, known, waitOf(query.wait), signal);
  } finally {
    if (waits) eventStreams.open--;
  }
  void reply.headers({
    'x-consul-index': String(reached),
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
  });
  return reached;
}

/** A parameter without a value is set, too. */
export function isSet(parameter: string | undefined): boolean {
  return parameter !== undefined && parameter !== 'false' && parameter !== '0';
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
