import {
  type LiveConfig,
  type LiveResolved,
  noKeys,
  type ResolveRequest,
  type SecretVault,
} from '@meshkeeper/config';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { z } from 'zod';
import { type Caller, may } from '../auth/caller.ts';
import type { Configuration } from '../configuration/open-configuration.ts';
import { ConfigBytes } from './config-bytes.ts';
import { actorOf, CONFIG_READS, patience } from './config-calls.ts';
import { configured, tagged } from './config-errors.ts';
import { resolvedView } from './config-views.ts';
import { sendEvents } from './event-stream.ts';
import { ApiError } from './problem.ts';
import { route } from './route.ts';
import { digestEvent, resolvedSchema, resolveQuery } from './schemas/config-resolve-schemas.ts';
import { applicationParams } from './schemas/config-schemas.ts';

/** What instances get. */
export function configResolveRoutes(
  app: FastifyInstance,
  { live, vault, instances }: Configuration,
): void {
  const bytes = new ConfigBytes();
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application/resolve',
    id: 'resolveConfig',
    tag: 'configuration',
    summary: 'What an instance gets: all keys, and where each comes from',
    description:
      'From memory. With `If-None-Match` it is answered by 304 while it is the same; with `wait` after that time. While ZooKeeper is away it is the last that is known, and `stale`.',
    role: 'viewer',
    params: applicationParams,
    query: resolveQuery,
    answer: resolvedSchema,
    waits: ({ query }) => query.wait ?? 0,
    problems: [...CONFIG_READS, 'no-secret-key'],
    handle: ({ params, query: { wait, secrets, ...query }, raw, caller }, reply) =>
      configured(async () => {
        checkReveal(secrets, caller);
        known(live.known);
        const request = requestOf(params.application, query);
        const isSeen = (resolved: LiveResolved) => isOf(raw.headers['if-none-match'], resolved);
        let resolved = live.resolve(request);
        instances.saw(request, resolved);
        if (wait !== undefined && isSeen(resolved)) {
          const asked = { request, digest: resolved.digest, wait, reply };
          if (secrets === undefined) {
            // What the framework does while one waits is more than the wait itself.
            reply.hijack();
            // At once, and not when its turn comes: others wait for the same.
            whenOther(live, asked, (other) => void bytes.send(reply, other, isSeen(other)));
            return reply;
          }
          resolved = await new Promise((tell) => whenOther(live, asked, tell));
        }
        if (secrets === undefined || isSeen(resolved))
          return bytes.send(reply, resolved, isSeen(resolved));
        const texts = await revealed(resolved, vault, caller);
        tagged(reply, resolved.digest);
        if (resolved.stale) void reply.header('meshkeeper-stale', 'true');
        return resolvedView(resolved, texts);
      }),
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application/watch',
    id: 'watchConfig',
    tag: 'configuration',
    summary: 'Tells whenever what an instance gets is another',
    description: 'Server-sent events `digest`, without values: ask `resolve` then.',
    role: 'viewer',
    params: applicationParams,
    query: resolveQuery.omit({ wait: true, secrets: true }),
    answer: digestEvent.describe('Data of each event.'),
    type: 'text/event-stream',
    problems: CONFIG_READS,
    handle: ({ params, query }, reply) =>
      configured(async () => {
        known(live.known);
        const request = requestOf(params.application, query);
        live.resolve(request); // what is wrong with it is told before the stream begins
        return sendEvents(reply, async function* (signal) {
          for await (const resolved of live.changes(request, signal)) {
            instances.saw(request, resolved);
            const { application, digest, revision, stale } = resolved;
            yield {
              event: 'digest',
              data: { application, digest, revision: String(revision), stale },
            };
          }
        });
      }),
  });
}

type Query = Omit<z.output<typeof resolveQuery>, 'wait' | 'secrets'>;

function requestOf(
  application: string,
  { profile = [], instance, address, label }: Query,
): ResolveRequest {
  return {
    application,
    profiles: profile,
    instance: {
      ...(instance !== undefined && { id: instance }),
      ...(address !== undefined && { address }),
      ...(label && { labels: label }),
    },
  };
}

/** The texts of all secrets that an instance gets, by key. */
async function revealed(
  { values }: LiveResolved,
  vault: SecretVault | undefined,
  caller: Caller,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const signal = patience();
  await Promise.all(
    [...values].map(async ([key, { entry, from }]) => {
      if (entry.type !== 'secret') return;
      if (vault === undefined) throw noKeys();
      const { application, namespace } = from;
      const place = { application, namespace, key };
      texts.set(key, (await vault.reveal(place, entry, actorOf(caller), signal)).reveal());
    }),
  );
  return texts;
}

/** Who waits, and for what. */
interface Asked {
  readonly request: ResolveRequest;
  /** Of what they have. */
  readonly digest: string;
  /** Milliseconds. */
  readonly wait: number;
  readonly reply: FastifyReply;
}

/** Calls once: with what is another, or with what it is when nobody waits any more. */
function whenOther(
  live: LiveConfig,
  { request, digest, wait, reply }: Asked,
  tell: (resolved: LiveResolved) => void,
): void {
  let isDone = false;
  const done = (resolved: LiveResolved) => {
    isDone = true;
    leave();
    clearTimeout(late);
    tell(resolved);
  };
  const over = () => {
    if (!isDone) done(live.resolve(request));
  };
  const leave = live.onOther(request, digest, done);
  const late = setTimeout(over, wait);
  // Of the answer, not of the socket, which many questions share. It is not taken off: that costs more.
  reply.raw.once('close', over);
}

function isOf(ifNoneMatch: string | undefined, { digest }: LiveResolved): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
  return tags.includes(digest) || tags.includes('*');
}

function checkReveal(secrets: 'reveal' | undefined, caller: Caller): void {
  if (secrets === undefined || may(caller, 'secret')) return;
  throw new ApiError('forbidden', 'to read secrets takes the role "secret"', { role: 'secret' });
}

function known(isKnown: boolean): void {
  if (isKnown) return;
  throw new ApiError(
    'zookeeper-unavailable',
    'configuration was not read yet: try again when ZooKeeper is there',
  );
}
