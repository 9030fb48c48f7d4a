import type { Catalog } from '@meshkeeper/mesh';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { durationText } from '../config/duration.ts';
import type { Convergence } from '../convergence/convergence.ts';
import type { Outcome, Progress, ProxyStanding } from '../convergence/standing.ts';
import type { WaitOptions } from '../convergence/wait-for.ts';
import type { MeshConvergence } from '../members/mesh-convergence.ts';
import { type ServerEvent, sendEvents } from './event-stream.ts';
import { Latest } from './latest.ts';
import type { MeshView } from './mesh-view.ts';
import { ApiError } from './problem.ts';
import { refusedView, timeView } from './proxy-views.ts';
import { route, type Sent } from './route.ts';
import { watchQuery } from './schemas/common-schemas.ts';
import { convergenceSchema } from './schemas/convergence-schemas.ts';
import { LONGEST_WAIT } from './time-limit.ts';

/** A watch that says nothing of it lasts so long. */
const WATCH = 30_000;

const query = z.strictObject({
  revision: z.coerce
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Of the catalog of this replica. Default: the newest.'),
  policies: z.coerce
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('A revision of the policies instead: about the data planes of all replicas.'),
  timeout: z
    .union([z.string().regex(/^\d+$/).transform(Number), durationText])
    .refine((value) => value <= LONGEST_WAIT, 'wait for 10m at most')
    .optional()
    .describe(
      'How long to wait. Without it the answer says what is the case; a watch lasts half a minute.',
    ),
  watch: watchQuery,
});

/** What the route needs. */
export interface ConvergenceRouteOptions {
  readonly catalog: Catalog;
  readonly convergence: Convergence;
  readonly mesh: MeshConvergence;
  readonly meshView: MeshView;
}

/** A wait, of whatever: its progress and what it has come to are told as the API shows them. */
type Waiting = (options: WaitOptions<unknown>) => Promise<Sent<z.output<typeof convergenceSchema>>>;

/**
 * Whether the data planes of this replica have applied a revision of the catalog, or those of all
 * replicas one of the policies; at once or when they have.
 */
export function convergenceRoute(
  app: FastifyInstance,
  { catalog, convergence, mesh, meshView }: ConvergenceRouteOptions,
): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/convergence',
    id: 'getConvergence',
    tag: 'data planes',
    summary: 'Whether the data planes have applied a revision; now, or when they have',
    role: 'viewer',
    query,
    answer: convergenceSchema,
    events: convergenceSchema,
    waits: ({ query }) => query.timeout ?? 0,
    async handle(request, reply) {
      const { revision = catalog.snapshot.revision, policies, watch } = request.query;
      if (policies !== undefined && request.query.revision !== undefined)
        throw new ApiError('invalid-request', 'choose one of revision and policies');
      const { timeout = watch === undefined ? 0 : WATCH } = request.query;
      const waiting: Waiting =
        policies === undefined
          ? async ({ progress, ...options }) =>
              outcomeView(
                await convergence.wait(revision, {
                  ...options,
                  progress: (found) => progress?.(progressView(found)),
                }),
              )
          : async ({ progress, ...options }) =>
              meshView.outcome(
                await mesh.wait(policies, {
                  ...options,
                  progress: (found) => progress?.(meshView.progress(found)),
                }),
              );
      if (watch !== undefined)
        return sendEvents(reply, (signal) => watching(waiting, { timeout, signal }));
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      return waiting({ timeout, signal: AbortSignal.any([gone.signal, request.signal]) });
    },
  });
}

/** `progress` after each change, and `done` at the end. */
async function* watching(
  waiting: Waiting,
  options: { readonly timeout: number; readonly signal: AbortSignal },
): AsyncGenerator<ServerEvent, void, void> {
  const events = new Latest<ServerEvent>();
  const progress = (data: unknown) => events.push({ event: 'progress', data });
  waiting({ ...options, progress }).then(
    (data) => {
      events.push({ event: 'done', data });
      events.end();
    },
    (error) => events.end(error),
  );
  yield* events;
}

/** How far all are, as the API shows it. */
export function progressView({ revision, served, counts, behind }: Progress) {
  return { revision, served, counts, behind: behind.map(standingView) };
}

/** What a wait has come to, as the API shows it. */
export function outcomeView({ converged, timedOut, ...progress }: Outcome) {
  return { converged, timedOut, ...progressView(progress) };
}

function standingView({ proxy: { id, cluster, stream, peer }, standing }: ProxyStanding) {
  const who = { id, cluster, stream, peer };
  switch (standing.type) {
    case 'applied':
    case 'gone':
      return { ...who, state: standing.type, at: timeView(standing.at) };
    case 'pending':
      return { ...who, state: standing.type, appliedRevision: standing.revision };
    case 'rejected':
      return {
        ...who,
        state: standing.type,
        appliedRevision: standing.revision,
        refused: standing.refused.map(refusedView),
      };
  }
}
