import { randomUUID } from 'node:crypto';
import { type QueueKind, queuePath } from '@meshkeeper/recipes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LeaseView, Queues } from '../leases/queues.ts';
import { asked } from './asked.ts';
import { sendEvents } from './event-stream.ts';
import { isPaged, nextSchema, pageOf, pageQuery } from './page.ts';
import { ApiError } from './problem.ts';
import { NO_CONTENT, route } from './route.ts';
import { watchQuery } from './schemas/common-schemas.ts';
import {
  acquireSchema,
  holderParams,
  leaseSchema,
  queueParams,
  queueSchema,
} from './schemas/lease-schemas.ts';

/** How long ZooKeeper may take before the API says that it is away, in milliseconds. */
const PATIENCE = 5_000;

/** What the routes of a kind are called, and what they say. */
interface Words {
  readonly plural: 'locks' | 'elections';
  readonly one: 'Lock' | 'Election';
  readonly acquire: string;
  readonly what: string;
  readonly held: string;
}

const WORDS: Readonly<Record<QueueKind, Words>> = {
  lock: {
    ...{ plural: 'locks', one: 'Lock', acquire: 'Acquire a lock, or wait for it' },
    ...{ what: 'a lock', held: 'is held' },
  },
  election: {
    ...{ plural: 'elections', one: 'Election', acquire: 'Stand in an election until elected' },
    ...{ what: 'an election', held: 'has a leader' },
  },
};

const EXAMPLE = {
  ...{ name: 'nightly', path: '/meshkeeper/locks/nightly', holder: 'worker-7' },
  ...{ fencing: '0.4294967312', ttl: 15_000, expiresIn: 14_990 },
};

/** Locks, or elections: by lease, for whoever can speak HTTP. */
export function leaseRoutes(app: FastifyInstance, queues: Queues): void {
  const { plural, one, acquire, what, held } = WORDS[queues.kind];
  const folder = `/api/v1/${plural}`;

  route(app, {
    method: 'GET',
    path: folder,
    id: `list${one}s`,
    tag: 'locks',
    summary: `The ${plural} that somebody holds or waits for`,
    description:
      'Those with a name, also of who came by a session of ZooKeeper; those at other paths that somebody asks for by HTTP.',
    role: 'viewer',
    query: z.strictObject({ watch: watchQuery, ...pageQuery }),
    answer: z.object({ [plural]: z.array(queueSchema), ...nextSchema }),
    events: z.object({ [plural]: z.array(queueSchema) }),
    problems: ['zookeeper-unavailable'],
    async handle({ query: { watch, ...page }, raw }, reply) {
      if (isPaged(page, watch) || watch === undefined) {
        const list = await queues.list(AbortSignal.timeout(PATIENCE));
        const { items, ...next } = pageOf(list, ({ name }) => name, page, raw, reply);
        return { [plural]: items, ...next };
      }
      return sendEvents(reply, async function* (signal) {
        for await (const list of queues.watchList(signal))
          yield { event: 'state', data: { [plural]: list } };
      });
    },
  });
  route(app, {
    method: 'GET',
    path: `${folder}/:name`,
    id: `get${one}`,
    tag: 'locks',
    summary: `Who holds ${what}, and who waits`,
    role: 'viewer',
    params: queueParams,
    query: z.strictObject({ watch: watchQuery }),
    answer: queueSchema,
    events: queueSchema,
    problems: ['zookeeper-unavailable'],
    async handle({ params: { name }, query }, reply) {
      if (query.watch === undefined)
        return asked(() => queues.view(name, AbortSignal.timeout(PATIENCE)));
      // Told as a problem, not as the end of the stream.
      await asked(async () => queuePath(queues.kind, name));
      return sendEvents(reply, async function* (signal) {
        for await (const data of queues.watch(name, signal)) yield { event: 'state', data };
      });
    },
  });
  route(app, {
    method: 'POST',
    path: `${folder}/:name`,
    id: `acquire${one}`,
    tag: 'locks',
    summary: acquire,
    description:
      'The place in the queue is kept while the connection is open, and given up when it closes. Asked again by the same holder, here or at another replica, the same lease is given. Count `ttl` from before you sent the request; after a wait, keep it alive once before you begin.',
    role: 'operator',
    params: queueParams,
    body: acquireSchema.default({ ttl: 15_000, wait: 0 }),
    bodyExample: { holder: 'worker-7', ttl: '15s', wait: '30s' },
    answer: leaseSchema,
    status: 201,
    waits: ({ body }) => body.wait,
    example: EXAMPLE,
    problems: ['held', 'conflict', 'zookeeper-unavailable'],
    async handle({ params: { name }, body }, reply) {
      const { holder = randomUUID(), ttl, wait, data } = body;
      const gone = new AbortController();
      let withdraw = () => {};
      reply.raw.once('close', () => {
        if (reply.raw.writableFinished) return;
        gone.abort(new Error('the client is gone'));
        withdraw();
      });
      const outcome = await asked(() =>
        queues.acquire({ name, holder, ttl, wait, data }, gone.signal, PATIENCE),
      );
      if (outcome.type === 'granted') {
        withdraw = () => outcome.withdraw();
        if (reply.raw.destroyed) withdraw();
        return tagged(reply, outcome.lease);
      }
      if (outcome.type === 'superseded')
        throw new ApiError('conflict', `another request of "${holder}" goes on with the wait`);
      const { holders, waiters } = await queues.view(name, AbortSignal.timeout(PATIENCE));
      const [first] = holders;
      const who = first === undefined ? '' : ` by "${first.holder}" since ${first.since}`;
      throw new ApiError('held', `"${name}" ${held}${who}: wait for it, or ask again later`, {
        holders,
        waiting: waiters.length,
      });
    },
  });
  route(app, {
    method: 'PUT',
    path: `${folder}/:name/:holder`,
    id: `keep${one}`,
    ifMatch: 'optional',
    tag: 'locks',
    summary: 'Keep a lease alive',
    audited: false,
    description:
      'At any replica. With `If-Match` only if it is that lease: its ETag is the fencing token.',
    role: 'operator',
    params: holderParams,
    answer: leaseSchema,
    example: EXAMPLE,
    problems: ['unknown-lease', 'conflict', 'zookeeper-unavailable'],
    async handle({ params: { name, holder }, raw }, reply) {
      const signal = AbortSignal.timeout(PATIENCE);
      const outcome = await asked(() => queues.keepAlive(name, holder, signal, matching(raw)));
      switch (outcome.type) {
        case 'kept':
          return tagged(reply, outcome.lease);
        case 'waiting':
          throw new ApiError('conflict', `"${holder}" does not hold "${name}" yet: it waits`);
        case 'gone':
          throw new ApiError(
            'unknown-lease',
            `"${holder}" does not hold "${name}" any more: it has expired, was released, or somebody has deleted its znode`,
          );
      }
    },
  });
  route(app, {
    method: 'DELETE',
    path: `${folder}/:name/:holder`,
    id: `release${one}`,
    ifMatch: 'optional',
    tag: 'locks',
    summary: 'Release a lease',
    description:
      'One that there is not any more is no error. `If-Match` as in the keep-alive. A wait ends with its connection.',
    role: 'operator',
    params: holderParams,
    answer: NO_CONTENT,
    problems: ['zookeeper-unavailable'],
    async handle({ params: { name, holder }, raw }) {
      const signal = AbortSignal.timeout(PATIENCE);
      await asked(() => queues.end(name, holder, signal, matching(raw)));
      return undefined;
    },
  });
}

function tagged(reply: FastifyReply, lease: LeaseView): LeaseView {
  void reply.header('etag', `"${lease.fencing}"`);
  return lease;
}

/** The fencing tokens that `If-Match` has; undefined when any will do. */
function matching({ headers }: FastifyRequest): readonly string[] | undefined {
  const stated = headers['if-match'];
  if (stated === undefined || stated.trim() === '*') return undefined;
  return stated.split(',').map((tag) => tag.trim().replace(/^"(.*)"$/, '$1'));
}
