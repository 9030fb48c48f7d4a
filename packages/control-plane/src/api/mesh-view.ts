import type { ProxyStanding } from '../convergence/standing.ts';
import type { MeshOutcome, MeshProgress, ReplicaStanding } from '../members/mesh-standing.ts';
import type { PolicyRevisions } from '../members/own-statement.ts';
import type { BehindProxy } from '../members/statement.ts';
import type { DestinationStatus, Destinations } from '../plugins/destinations.ts';
import { refusedView, timeView, typeView } from './proxy-views.ts';

/** How far the data planes of all replicas are, as the API shows it. */
export class MeshView {
  readonly #id: string;
  readonly #revisions: Pick<PolicyRevisions, 'policiesIn'>;
  readonly #destinations: Pick<Destinations, 'status'>;

  /** @param id of this replica */
  constructor(
    id: string,
    revisions: Pick<PolicyRevisions, 'policiesIn'>,
    destinations: Pick<Destinations, 'status'>,
  ) {
    this.#id = id;
    this.#revisions = revisions;
    this.#destinations = destinations;
  }

  /** How far they are. */
  progress({ policies, revision, served, counts, own, others, knowledge }: MeshProgress) {
    const { pending, rejected, applied } = own.counts;
    const self = {
      ...{ id: this.#id, self: true },
      state: stateOf(own.served, pending, rejected),
      dataPlanes: applied + pending + rejected,
    };
    return {
      /** Of the policies, which is the same for all replicas; and of this one's catalog. */
      policies,
      ...(revision !== undefined && { revision }),
      /** By every replica. */
      served,
      counts,
      /** This one first. */
      replicas: [self, ...others.map(replicaView)],
      /** `all`; or what is told of the others may not be so any more. */
      knowledge,
      behind: [...own.behind.map((each) => this.#ownView(each)), ...others.flatMap(behindView)],
      /** Nobody waits for them: one that is away has most often nothing to do with policies. */
      destinations: this.#destinations.status
        .filter(({ kind }) => kind !== 'xds')
        .map((each) => destinationStanding(each, revision)),
    };
  }

  /** What a wait has come to. */
  outcome({ converged, timedOut, ...progress }: MeshOutcome) {
    return { converged, timedOut, ...this.progress(progress) };
  }

  #ownView({ proxy: { id, cluster, stream, peer }, standing }: ProxyStanding) {
    const who = { replica: this.#id, id, cluster, stream, peer };
    if (standing.type === 'applied' || standing.type === 'gone')
      return { ...who, state: standing.type, at: timeView(standing.at) };
    const { type: state, revision } = standing;
    return {
      ...{ ...who, state },
      appliedRevision: revision,
      appliedPolicies: revision === undefined ? undefined : this.#revisions.policiesIn(revision),
      ...(standing.type === 'rejected' && { refused: standing.refused.map(refusedView) }),
    };
  }
}

/** How a destination of this replica stands to a revision of its catalog. */
function destinationStanding(
  { name, kind, state, leads }: DestinationStatus,
  wanted: number | undefined,
) {
  const who = { name, kind };
  if (leads === false) return { ...who, state: 'standby' as const };
  if (state.type === 'failing')
    return { ...who, state: state.type, since: timeView(state.since), message: state.message };
  if (state.type === 'starting') return { ...who, state: 'pending' as const };
  const isApplied = state.type === 'applied' && wanted !== undefined && state.revision >= wanted;
  return { ...who, state: isApplied ? ('applied' as const) : ('pending' as const) };
}

function replicaView(each: ReplicaStanding) {
  const { id, said } = each.member;
  const who = { id, self: false, dataPlanes: said?.counts.connected };
  if (each.type === 'gone') return { ...who, state: 'gone' as const };
  if (said === undefined) return { ...who, state: 'unreadable' as const };
  const { served, counts, behind } = each.standing;
  const more = counts.pending + counts.rejected - behind.length;
  return {
    ...who,
    state: stateOf(served, counts.pending, counts.rejected),
    /** Data planes that are behind, and are not named. */
    ...(more > 0 && { more }),
  };
}

function behindView(each: ReplicaStanding) {
  if (each.type === 'gone') return [];
  const { id: replica } = each.member;
  return each.standing.behind.map(({ id, state, policies, refused }: BehindProxy) => ({
    ...{ replica, id, state },
    appliedPolicies: policies,
    ...(refused && {
      refused: [{ type: typeView(refused.typeUrl), name: refused.name, message: refused.message }],
    }),
  }));
}

/** The worst of its data planes'; `unserved`: it doesn't serve that revision yet. */
function stateOf(
  served: boolean,
  pending: number,
  rejected: number,
): 'unserved' | 'rejected' | 'pending' | 'applied' {
  if (!served) return 'unserved';
  return rejected > 0 ? 'rejected' : pending > 0 ? 'pending' : 'applied';
}
