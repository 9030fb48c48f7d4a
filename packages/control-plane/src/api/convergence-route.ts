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

/** No wait is longer, in milliseconds. */
const LONGEST = 600_000;
/** A watch that says nothing of it lasts so long. */
const WATCH = 30_000;

const query = z.strictObject({
  /** Of the catalog of this replica. Default: the newest. */
  revision: z.coerce.number().int().nonnegative().optional(),
  /** A revision of the policies instead: then it is about the data planes of all replicas. */
  policies: z.coerce.number().int().nonnegative().optional(),
  /** How long to wait. Without it the answer says what is the case; a watch lasts half a minute. */
  timeout: z
    .union([z.string().regex(/^\d+$/).transform(Number), durationText])
    .refine((value) => value <= LONGEST, 'wait for 10m at most')
    .optional(),
  watch: z.literal(['', 'true', '1']).optional(),
});

/** What the route needs. */
export interface ConvergenceRouteOptions {
  readonly catalog: Catalog;
  readonly convergence: Convergence;
  readonly mesh: MeshConvergence;
  readonly meshView: MeshView;
}

/** A wait, of whatever: its progress and what it has come to are told as the API shows them. */
type Waiting = (options: WaitOptions<unknown>) => Promise<unknown>;

/**
 * Whether the data planes of this replica have applied a revision of the catalog, or those of all
 * replicas one of the policies; at once or when they have.
 */
export function convergenceRoute(
  app: FastifyInstance,
  { catalog, convergence, mesh, meshView }: ConvergenceRouteOptions,
): void {
  app.get('/api/v1/convergence', async (request, reply) => {
    const parsed = query.safeParse(request.query);
    if (!parsed.success) throw new ApiError('invalid-request', z.prettifyError(parsed.error));
    const { revision = catalog.snapshot.revision, policies, watch } = parsed.data;
    if (policies !== undefined && parsed.data.revision !== undefined)
      throw new ApiError('invalid-request', 'choose one of revision and policies');
    const { timeout = watch === undefined ? 0 : WATCH } = parsed.data;
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
    return waiting({ timeout, signal: gone.signal });
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
