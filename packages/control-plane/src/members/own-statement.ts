import type { Convergence } from '../convergence/convergence.ts';
import type { ProxyStanding } from '../convergence/standing.ts';
import type { ServedPolicies } from '../policies/served-policies.ts';
import { wordsOf } from '../policies/sourced-programmed.ts';
import { type BehindProxy, NAMED, type SourcedStatement, type Statement } from './statement.ts';

/** Data planes that are quoted, at most. */
const WORDS = 3;

/** What a replica knows of its policies. */
export type PolicyRevisions = Pick<ServedPolicies, 'policiesIn' | 'policiesFrom' | 'snapshotOf'> &
  // Of those that sources have.
  Partial<Pick<ServedPolicies, 'sourcedIn'>>;

/** What a replica says of its data planes: `served` is the snapshot that was handed to them. */
export function ownStatement(
  convergence: Pick<Convergence, 'progress' | 'lowest'>,
  revisions: PolicyRevisions,
  served: number,
): Pick<Statement, 'policies' | 'applied' | 'counts' | 'sourced' | 'behind'> {
  const policies = revisions.policiesIn(served);
  const snapshot = policies === undefined ? undefined : revisions.snapshotOf(policies);
  const { counts, behind } = convergence.progress(snapshot ?? Number.POSITIVE_INFINITY);
  const { applied, pending, rejected } = counts;
  const { lowest } = convergence;
  return {
    policies,
    applied:
      pending + rejected === 0
        ? policies
        : lowest === undefined
          ? undefined
          : revisions.policiesIn(lowest),
    counts: { connected: applied + pending + rejected, pending, rejected },
    sourced: sourcedStatement(convergence, revisions, served),
    behind: behind
      .toSorted((a, b) => rank(a) - rank(b))
      .slice(0, NAMED)
      .flatMap((standing) => behindProxy(standing, revisions)),
  };
}

function sourcedStatement(
  convergence: Pick<Convergence, 'progress'>,
  revisions: PolicyRevisions,
  served: number,
): SourcedStatement | undefined {
  const found = revisions.sourcedIn?.(served);
  if (found === undefined) return undefined;
  const { digest, snapshot } = found;
  const { counts, behind } = convergence.progress(snapshot);
  const { pending, rejected } = counts;
  return { digest, pending, rejected, words: behind.flatMap(wordsOf).slice(0, WORDS) };
}

/** Rejections say more. */
function rank({ standing }: ProxyStanding): number {
  return standing.type === 'rejected' ? 0 : 1;
}

function behindProxy(
  { proxy: { id }, standing }: ProxyStanding,
  revisions: PolicyRevisions,
): readonly BehindProxy[] {
  if (standing.type !== 'pending' && standing.type !== 'rejected') return [];
  const { type: state, revision } = standing;
  const policies = revision === undefined ? undefined : revisions.policiesIn(revision);
  const [first] = standing.type === 'rejected' ? standing.refused : [];
  if (first === undefined) return [{ id, state, policies, refused: undefined }];
  const { typeUrl, name, message } = first;
  const since = revisions.policiesFrom(first.since);
  return [{ id, state, policies, refused: { typeUrl, name, message, since } }];
}
