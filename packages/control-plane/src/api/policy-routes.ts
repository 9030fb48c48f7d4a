import type { Catalog } from '@meshkeeper/mesh';
import { checkPolicies, type Finding, milliseconds, pathText, policyId } from '@meshkeeper/policy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { writtenBy } from '../auth/caller.ts';
import type { DataPlaneKinds } from '../convergence/data-plane-kinds.ts';
import type { MeshConvergence } from '../members/mesh-convergence.ts';
import type { Wanted } from '../policies/policy-change.ts';
import { type PolicyRef, refId, refOf } from '../policies/policy-paths.ts';
import type { Condition } from '../policies/policy-status.ts';
import type { Applied, Author, PolicyStore } from '../policies/policy-store.ts';
import { PolicyStoreError, type PolicyStoreErrorCode } from '../policies/policy-store-error.ts';
import type { PolicyList } from '../policies/policy-tree.ts';
import type { ServedPolicies } from '../policies/served-policies.ts';
import { type NotSupported, unsupportedBy } from '../policies/unsupported-by.ts';
import type { MeshView } from './mesh-view.ts';
import { isPaged, pageOf, pageQuery } from './page.ts';
import { type IssueView, kindOf, readWanted } from './policy-body.ts';
import { changeView, conflictView, findingView, policyView, recordView } from './policy-views.ts';
import { checkPreconditions } from './preconditions.ts';
import { ApiError, type ApiErrorCode } from './problem.ts';
import { programmedIn } from './programmed.ts';
import { route } from './route.ts';
import {
  appliedSchema,
  policyListSchema,
  policyParams,
  policySchema,
  recordListSchema,
  recordSchema,
  wantedBody,
} from './schemas/policy-schemas.ts';
import { LONGEST_WAIT } from './time-limit.ts';

/** What the routes of policies show and change. */
export interface PolicyRoutesOptions {
  readonly store: PolicyStore;
  readonly served: ServedPolicies;
  readonly catalog: Catalog;
  readonly mesh: MeshConvergence;
  readonly meshView: MeshView;
  readonly kinds: DataPlaneKinds;
}

const YAML = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];
const ACCEPTED = ['application/json', ...YAML];
const WRITE_PROBLEMS: readonly ApiErrorCode[] = [
  ...(['invalid-policy', 'conflict', 'too-large', 'zookeeper-unavailable'] as const),
];
/** And where one policy is written, `If-Match` counts. */
const ONE_PROBLEMS: readonly ApiErrorCode[] = [...WRITE_PROBLEMS, 'precondition-failed'];

/** How long a write may take before the API says that ZooKeeper is away, in milliseconds. */
const WRITE_TIMEOUT = 10_000;
/** Policies that are sent at once may take so many bytes. */
const BODY_LIMIT = 16 * 1024 * 1024;
/** How long what was written may take to be served, in milliseconds, before the answer goes without. */
const SERVED = 5_000;
/** A wait that says nothing of how long. */
const WAIT = 30_000;

const flag = z
  .enum(['', 'true', '1', 'false', '0'])
  .default('false')
  .transform((text) => text !== 'false' && text !== '0');
const revision = z.coerce.number().int().min(0);
const applyQuery = z.strictObject({
  dryRun: flag,
  /** Until the data planes have it: `30s`. */
  wait: z
    .string()
    .transform((text) => (text === '' || text === 'true' ? WAIT : milliseconds(text)))
    .refine((value) => !Number.isNaN(value), 'is no duration: write 30s or 2m')
    .refine((value) => !(value > LONGEST_WAIT), 'wait for 10m at most')
    .optional(),
  label: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe('Who you are in your own words; who has called is recorded beside it.'),
  reason: z.string().trim().min(1).max(1_000).optional(),
  ifRevision: revision.optional(),
});
const namespaced = z.strictObject({ namespace: z.string().optional() });
const putQuery = z.strictObject({ ...applyQuery.shape, ...namespaced.shape });
const rollbackQuery = applyQuery.omit({ ifRevision: true });
const rollbackBody = z.strictObject({ revision: z.int().min(0) });
const listQuery = z.strictObject({
  kind: z.string().optional(),
  ...namespaced.shape,
  ...pageQuery,
});
const historyQuery = z.strictObject({
  before: revision.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** What is asked of an apply, and by whom. */
type Asked = z.output<typeof applyQuery> & { readonly by: string };

/** What operators have applied: to be seen, changed, and brought back. */
export function policyRoutes(app: FastifyInstance, options: PolicyRoutesOptions): void {
  void app.register(async (scope) => {
    scope.addContentTypeParser([...YAML], { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    reading(scope, options);
    writing(scope, options);
    past(scope, options);
  });
}

function reading(app: FastifyInstance, options: PolicyRoutesOptions): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/policies',
    id: 'listPolicies',
    tag: 'policies',
    summary: 'What is applied, with what is the case with each',
    role: 'viewer',
    query: listQuery,
    answer: policyListSchema,
    problems: ['zookeeper-unavailable'],
    handle({ query: { kind, namespace, ...page }, raw }, reply) {
      const wanted = kind === undefined ? undefined : kindOf(kind);
      const list = listOf(options);
      const found = list.policies
        .filter(({ policy }) => wanted === undefined || policy.kind === wanted)
        .filter(({ policy }) => namespace === undefined || policy.metadata.namespace === namespace);
      const { items, ...next } = isPaged(page)
        ? pageOf(found, ({ policy }) => policyId(policy), page, raw, reply)
        : { items: found };
      const policies = items.map(viewer(list, options));
      return { revision: list.revision, policies, problems: list.problems, ...next };
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/policies/:kind/:name',
    id: 'getPolicy',
    tag: 'policies',
    summary: 'One policy, with what is the case with it',
    role: 'viewer',
    params: policyParams,
    query: namespaced,
    answer: policySchema,
    problems: ['unknown-policy', 'zookeeper-unavailable'],
    handle({ params, query: { namespace } }, reply) {
      const id = refId(refFrom(params, namespace));
      const list = listOf(options);
      const found = list.policies.find(({ policy }) => policyId(policy) === id);
      if (found === undefined) throw unknown([id]);
      void reply.header('etag', tagOf(found.revision));
      return viewer(list, options)(found);
    },
  });
}

function writing(app: FastifyInstance, options: PolicyRoutesOptions): void {
  route(app, {
    method: 'POST',
    path: '/api/v1/policies/apply',
    id: 'applyPolicies',
    tag: 'policies',
    summary: 'Make policies what is sent, all or none; `delete` those that are named',
    role: 'operator',
    query: applyQuery,
    body: wantedBody,
    accepts: ACCEPTED,
    bodyLimit: BODY_LIMIT,
    answer: appliedSchema,
    waits: LONGEST_WAIT,
    problems: WRITE_PROBLEMS,
    async handle({ body, query, caller }, reply) {
      const { wanted, warnings } = readWanted(body);
      const author = { ...query, by: writtenBy(caller) };
      return answer(await applied(wanted, author, options, reply), warnings);
    },
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/policies/:kind/:name',
    id: 'putPolicy',
    tag: 'policies',
    summary: 'Apply one policy',
    role: 'operator',
    params: policyParams,
    query: putQuery,
    body: wantedBody,
    accepts: ACCEPTED,
    bodyLimit: BODY_LIMIT,
    answer: appliedSchema,
    waits: LONGEST_WAIT,
    problems: ONE_PROBLEMS,
    async handle(request, reply) {
      const { namespace, ...query } = request.query;
      const ref = refFrom(request.params, namespace);
      const { wanted, warnings } = readWanted(request.body);
      const [policy, ...others] = wanted.policies;
      if (policy === undefined || others.length + wanted.deleted.length > 0)
        throw new ApiError('invalid-request', 'send one policy');
      const id = policyId(policy);
      if (id !== refId(ref))
        throw new ApiError('invalid-request', `what was sent is ${id}, and not ${refId(ref)}`);
      const by = writtenBy(request.caller);
      const seen = { ...query, by, ...seenRevision(request.raw, ref, options) };
      return answer(await applied(wanted, seen, options, reply), warnings);
    },
  });
  route(app, {
    method: 'DELETE',
    path: '/api/v1/policies/:kind/:name',
    id: 'deletePolicy',
    tag: 'policies',
    summary: 'Delete one policy',
    role: 'operator',
    params: policyParams,
    query: putQuery,
    answer: appliedSchema,
    waits: LONGEST_WAIT,
    problems: ['unknown-policy', ...ONE_PROBLEMS],
    async handle(request, reply) {
      const { namespace, ...query } = request.query;
      const ref = refFrom(request.params, namespace);
      const by = writtenBy(request.caller);
      const seen = { ...query, by, ...seenRevision(request.raw, ref, options) };
      const done = await applied({ policies: [], deleted: [ref] }, seen, options, reply);
      if (done.changes[0]?.outcome === 'absent') throw unknown([refId(ref)]);
      return answer(done, []);
    },
  });
}

function past(app: FastifyInstance, options: PolicyRoutesOptions): void {
  const { store } = options;
  route(app, {
    method: 'GET',
    path: '/api/v1/policies/history',
    id: 'getPolicyHistory',
    tag: 'policies',
    summary: 'Who has applied what, the newest first',
    role: 'viewer',
    query: historyQuery,
    answer: recordListSchema,
    problems: ['zookeeper-unavailable'],
    async handle({ query: { before, limit } }) {
      const records = await stored(store.history({ before, limit }, soon()));
      return {
        records: records.map((record) => recordView(record, false)),
        ...(records.length === limit && { next: records.at(-1)?.revision }),
      };
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/policies/history/:revision',
    id: 'getPolicyRecord',
    tag: 'policies',
    summary: 'What was applied with a revision, with the policies before and after',
    role: 'viewer',
    params: z.strictObject({ revision }),
    answer: recordSchema,
    problems: ['not-recorded', 'zookeeper-unavailable'],
    async handle({ params: { revision: wanted } }) {
      const record = await stored(store.record(wanted, soon()));
      if (record === undefined)
        throw new ApiError('not-recorded', `revision ${wanted} is not recorded`);
      return recordView(record, true);
    },
  });
  route(app, {
    method: 'POST',
    path: '/api/v1/policies/rollback',
    id: 'rollbackPolicies',
    tag: 'policies',
    summary: 'Make the policies what they were at a revision',
    role: 'operator',
    query: rollbackQuery,
    body: rollbackBody,
    answer: appliedSchema,
    waits: LONGEST_WAIT,
    problems: ['not-recorded', ...WRITE_PROBLEMS],
    async handle({ query, body: { revision: to }, caller }, reply) {
      const { wanted, at } = await stored(store.rollback(to, soon()));
      const author = { ...query, by: writtenBy(caller), ifRevision: at };
      return answer(await applied(wanted, author, options, reply, to), []);
    },
  });
}

/** The tag of a policy that came with a revision; its status is not in it. */
function tagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * By `If-Match` and `If-None-Match`: the revision that the caller has seen. Whether it is still so when
 * it is written is the store's to say.
 */
function seenRevision(
  raw: FastifyRequest,
  ref: PolicyRef,
  options: PolicyRoutesOptions,
): { readonly ifRevision?: number } {
  const { 'if-match': match, 'if-none-match': none } = raw.headers;
  if (match === undefined && none === undefined) return {};
  const { policies, revision } = listOf(options);
  const found = policies.find(({ policy }) => policyId(policy) === refId(ref));
  checkPreconditions(raw, found && tagOf(found.revision));
  return { ifRevision: found?.revision ?? revision };
}

/** An apply, and what the data planes made of it. */
interface Done extends Applied {
  readonly dryRun: boolean;
  readonly findings: readonly Finding[];
  readonly unsupported: readonly NotSupported[];
  readonly catalogRevision: number | undefined;
  readonly convergence: ReturnType<MeshView['outcome']> | undefined;
}

async function applied(
  wanted: Wanted,
  { dryRun, wait, by, label, reason, ifRevision }: Asked,
  { store, served, catalog, mesh, meshView, kinds }: PolicyRoutesOptions,
  reply: FastifyReply,
  rollbackTo?: number,
): Promise<Done> {
  const author: Author = { by, label, reason, ifRevision };
  const signal = soon();
  const done = await stored(
    dryRun ? store.plan(wanted, author, signal) : store.apply(wanted, author, signal, rollbackTo),
  );
  const findings = newFindings(done, wanted, catalog);
  const unsupported = wanted.policies.flatMap((policy) => unsupportedBy(policy, kinds.connected));
  const result = { ...done, dryRun, findings, unsupported };
  if (dryRun) return { ...result, catalogRevision: undefined, convergence: undefined };
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort());
  const begun = performance.now();
  // Who reads after this sees what was written.
  const catalogRevision = await served
    .served(done.revision, AbortSignal.any([gone.signal, AbortSignal.timeout(wait ?? SERVED)]))
    .catch(() => undefined); // it is written, and will be served
  if (wait === undefined) return { ...result, catalogRevision, convergence: undefined };
  const timeout = Math.max(0, wait - (performance.now() - begun));
  const outcome = await mesh.wait(done.revision, { timeout, signal: gone.signal });
  return { ...result, catalogRevision, convergence: meshView.outcome(outcome) };
}

function answer(done: Done, warnings: readonly IssueView[]) {
  const {
    revision: at,
    dryRun,
    changes,
    findings,
    unsupported,
    catalogRevision,
    convergence,
  } = done;
  return {
    revision: at,
    dryRun,
    ...(catalogRevision !== undefined && { catalogRevision }),
    policies: changes.map((change) => changeView(change, dryRun)),
    findings: [
      ...findings.map(findingView),
      // What data planes that are connected don't do; the rest they do.
      ...unsupported.map((found) =>
        findingView({ ...found, code: 'unsupported', severity: 'warning' }),
      ),
    ],
    warnings,
    ...(convergence && { convergence }),
  };
}

/** What the checks find then in what is applied, and what they did not find before in the rest. */
function newFindings({ before }: Applied, wanted: Wanted, catalog: Catalog): readonly Finding[] {
  const services = [...catalog.snapshot.services];
  const old = before.policies.map(({ policy }) => policy);
  const touched = new Set([...wanted.policies.map(refOf), ...wanted.deleted].map(refId));
  const rest = old.filter((policy) => !touched.has(policyId(policy)));
  const key = ({ policy, code, path, message }: Finding) =>
    JSON.stringify([policyId(policy), code, path, message]);
  const known = new Set(checkPolicies({ policies: old, services }).map(key));
  return checkPolicies({ policies: [...rest, ...wanted.policies], services }).filter(
    (finding) => touched.has(policyId(finding.policy)) || !known.has(key(finding)),
  );
}

/** Makes views of policies, of one moment. */
function viewer(list: PolicyList, { served, catalog, mesh, meshView, kinds }: PolicyRoutesOptions) {
  const findings = Map.groupBy(served.findings(catalog.snapshot), ({ policy }) => policyId(policy));
  const problems = new Map(list.problems.map(({ policy, message }) => [policy, message]));
  const programmed = new Map<number, Condition>();
  return (stored: PolicyList['policies'][number]) => {
    const id = policyId(stored.policy);
    const { revision } = stored;
    const isServed = served.snapshotOf(revision) !== undefined;
    if (isServed && !programmed.has(revision))
      programmed.set(revision, programmedIn(mesh.progress(revision), meshView));
    return policyView(stored, findings.get(id) ?? [], {
      problem: problems.get(id),
      unsupported: unsupportedBy(stored.policy, kinds.connected).map(
        ({ path, message }) => `${pathText(path)}: ${message}`,
      ),
      programmed: programmed.get(revision),
    });
  };
}

function listOf({ served }: PolicyRoutesOptions): PolicyList {
  if (served.list !== undefined) return served.list;
  throw new ApiError('zookeeper-unavailable', 'the policies were not read yet: try again later');
}

function refFrom(
  { kind, name }: z.output<typeof policyParams>,
  namespace: string | undefined,
): PolicyRef {
  return { kind: kindOf(kind), ...(namespace !== undefined && { namespace }), name };
}

function unknown(ids: readonly string[]): ApiError {
  return new ApiError('unknown-policy', `there is no ${ids.join(', ')}`);
}

function soon(): AbortSignal {
  return AbortSignal.timeout(WRITE_TIMEOUT);
}

const CODES: Readonly<Record<PolicyStoreErrorCode, ApiErrorCode>> = {
  BUSY: 'conflict',
  CONFLICT: 'conflict',
  NOT_RECORDED: 'not-recorded',
  NOT_VALID: 'invalid-policy',
  TOO_LARGE: 'too-large',
};

/** What the store answers; what it refuses is the API's error. */
async function stored<T>(answered: Promise<T>): Promise<T> {
  try {
    return await answered;
  } catch (error) {
    if (!(error instanceof PolicyStoreError)) throw error;
    const { code, message, conflicts, applied: part } = error;
    throw new ApiError(CODES[code], message, {
      ...(conflicts.length > 0 && { conflicts: conflicts.map(conflictView) }),
      ...(part !== undefined && { appliedRevision: part }),
    });
  }
}
