import type { Catalog } from '@meshkeeper/mesh';
import {
  checkPolicies,
  type Finding,
  milliseconds,
  type Policy,
  policyId,
} from '@meshkeeper/policy';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Wanted } from '../policies/policy-change.ts';
import { refId, refOf } from '../policies/policy-paths.ts';
import type { Applied, Author, PolicyStore } from '../policies/policy-store.ts';
import { PolicyStoreError, type PolicyStoreErrorCode } from '../policies/policy-store-error.ts';
import { type NotSupported, unsupportedBy } from '../policies/unsupported-by.ts';
import type { MeshView } from './mesh-view.ts';
import type { IssueView } from './policy-body.ts';
import { type PolicyListOptions, refuseSourced } from './policy-list.ts';
import { changeView, conflictView, findingView } from './policy-views.ts';
import { ApiError, type ApiErrorCode } from './problem.ts';
import { LONGEST_WAIT } from './time-limit.ts';

/** What policies are changed with. */
export interface PolicyApplyOptions extends PolicyListOptions {
  readonly store: PolicyStore;
}

/** What may go wrong with a write of policies. */
export const WRITE_PROBLEMS: readonly ApiErrorCode[] = [
  ...(['invalid-policy', 'conflict', 'too-large', 'zookeeper-unavailable'] as const),
];
/** How long a write may take before the API says that ZooKeeper is away, in milliseconds. */
const WRITE_TIMEOUT = 10_000;
/** How long what was written may take to be served, in milliseconds, before the answer goes without. */
const SERVED = 5_000;
/** A wait that says nothing of how long. */
const WAIT = 30_000;

const flag = z
  .enum(['', 'true', '1', 'false', '0'])
  .default('false')
  .transform((text) => text !== 'false' && text !== '0');
const revision = z.coerce.number().int().min(0);

/** How policies are to be applied. */
export const applyQuery = z.strictObject({
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
/** What is asked of an apply, and by whom. */
export type Asked = z.output<typeof applyQuery> & { readonly by: string };

/** An apply, and what the data planes made of it. */
interface Done extends Applied {
  readonly dryRun: boolean;
  readonly findings: readonly Finding[];
  readonly unsupported: readonly NotSupported[];
  readonly catalogRevision: number | undefined;
  readonly convergence: ReturnType<MeshView['outcome']> | undefined;
}

/** Applies what is wanted, and waits for the data planes if that is asked. */
export async function applied(
  wanted: Wanted,
  { dryRun, wait, by, label, reason, ifRevision }: Asked,
  { store, served, catalog, mesh, meshView, kinds }: PolicyApplyOptions,
  reply: FastifyReply,
  rollbackTo?: number,
): Promise<Done> {
  refuseSourced(wanted.deleted);
  const author: Author = { by, label, reason, ifRevision };
  const signal = soon();
  const done = await stored(
    dryRun ? store.plan(wanted, author, signal) : store.apply(wanted, author, signal, rollbackTo),
  );
  const sourced = (served.list?.policies ?? []).filter(({ source }) => source !== undefined);
  const others = sourced.map(({ policy }) => policy);
  const findings = newFindings(done, others, wanted, catalog);
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

/** An apply, as the API shows it. */
export function answer(done: Done, warnings: readonly IssueView[]) {
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
function newFindings(
  { before }: Applied,
  others: readonly Policy[],
  wanted: Wanted,
  catalog: Catalog,
): readonly Finding[] {
  const old = [...before.policies.map(({ policy }) => policy), ...others];
  const touched = new Set([...wanted.policies.map(refOf), ...wanted.deleted].map(refId));
  const rest = old.filter((policy) => !touched.has(policyId(policy)));
  const all = [...rest, ...wanted.policies];
  if (all.length === 0) return [];
  const services = [...catalog.snapshot.services];
  const key = ({ policy, code, path, message }: Finding) =>
    JSON.stringify([policyId(policy), code, path, message]);
  const known = new Set(checkPolicies({ policies: old, services }).map(key));
  return checkPolicies({ policies: all, services }).filter(
    (finding) => touched.has(policyId(finding.policy)) || !known.has(key(finding)),
  );
}

/** Until when something that ZooKeeper is asked for is waited for. */
export function soon(): AbortSignal {
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
export async function stored<T>(answered: Promise<T>): Promise<T> {
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
