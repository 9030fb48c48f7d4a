import type { Convergence } from '../convergence/convergence.ts';
import type { Progress, ProxyStanding } from '../convergence/standing.ts';
import { type Followed, type WaitOptions, waitFor } from '../convergence/wait-for.ts';
import { memberStanding } from './member-standing.ts';
import type { MeshOutcome, MeshProgress, ReplicaStanding } from './mesh-standing.ts';
import type { Knowledge, Member } from './other-members.ts';
import type { PolicyRevisions } from './own-statement.ts';

/** What is known of the other replicas. */
export interface Others {
  readonly list: readonly Member[];
  readonly knowledge: Knowledge;
  /** Calls `listener` after changes, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** How long who went away has to come to another replica, in milliseconds. */
const SETTLING = 2_000;

/** Who went away while somebody waits. */
interface Losses {
  /** Replicas of which not all data planes had it. */
  readonly departed: Map<string, Member>;
  /** The others when it was looked at last. */
  last: readonly Member[];
  /** How many are lost and not found again, and when that became more. */
  count: number;
  at: number;
}

/**
 * Which revision of the policies the data planes of all replicas have applied: those of this one by
 * what the xDS server tells, those of the others by what they say of theirs.
 */
export class MeshConvergence {
  readonly #own: Pick<Convergence, 'progress' | 'follow'>;
  readonly #revisions: Pick<PolicyRevisions, 'snapshotOf'>;
  readonly #others: Others;

  constructor(
    own: Pick<Convergence, 'progress' | 'follow'>,
    revisions: Pick<PolicyRevisions, 'snapshotOf'>,
    others: Others,
  ) {
    this.#own = own;
    this.#revisions = revisions;
    this.#others = others;
  }

  /** How far all are with that revision now. */
  progress(policies: number): MeshProgress {
    return this.#progress(policies, this.#own.progress(this.#snapshot(policies)));
  }

  /**
   * Waits until every data plane that is connected to any replica has applied a revision of the
   * policies, as `Convergence.wait`. A replica that goes away is not waited for: its data planes have a
   * moment to come to another. While ZooKeeper is away the others are what they were last.
   * @throws the signal's reason
   */
  async wait(policies: number, options: WaitOptions<MeshProgress> = {}): Promise<MeshOutcome> {
    const follow = (look: () => void) => this.#follow(policies, look);
    const { found, timedOut } = await waitFor(follow, isOver, options);
    return { ...found, converged: isOver(found) && found.counts.rejected === 0, timedOut };
  }

  #follow(policies: number, look: () => void): Followed<MeshProgress> {
    const own = this.#own.follow(() => this.#snapshot(policies), look);
    const unsubscribe = this.#others.onChange(look);
    const losses: Losses = { departed: new Map(), last: this.#others.list, count: 0, at: 0 };
    let timer: NodeJS.Timeout | undefined;
    return {
      progress: () => {
        const found = this.#progress(policies, own.progress(), losses);
        clearTimeout(timer);
        if (found.unsettled) timer = setTimeout(look, losses.at + SETTLING - performance.now() + 1);
        return found;
      },
      [Symbol.dispose]() {
        clearTimeout(timer);
        unsubscribe();
        own[Symbol.dispose]();
      },
    };
  }

  #progress(policies: number, alone: Progress, losses?: Losses): MeshProgress {
    const { list: members, knowledge } = this.#others;
    const own = withoutFound(alone, members);
    const others: ReplicaStanding[] = members.map((member) => {
      return { type: 'member', member, standing: memberStanding(member.said, policies) };
    });
    const counts = { ...own.counts };
    let { served } = own;
    for (const each of others) {
      if (each.type !== 'member') continue;
      const { standing } = each;
      served &&= standing.served;
      for (const state of ['applied', 'pending', 'rejected'] as const)
        counts[state] += standing.counts[state];
    }
    const unsettled = losses !== undefined && note(losses, members, policies, counts.gone);
    for (const member of losses?.departed.values() ?? []) others.push({ type: 'gone', member });
    const revision = this.#revisions.snapshotOf(policies);
    return { policies, revision, served, counts, own, others, knowledge, unsettled };
  }

  #snapshot(policies: number): number {
    return this.#revisions.snapshotOf(policies) ?? Number.POSITIVE_INFINITY;
  }
}

function isOver({ served, counts, unsettled, knowledge }: MeshProgress): boolean {
  return served && counts.pending === 0 && !unsettled && knowledge !== 'reading';
}

/** Without those that went away from here and are at another replica. */
function withoutFound(own: Progress, members: readonly Member[]): Progress {
  if (own.counts.gone === 0 || members.length === 0) return own;
  const elsewhere = new Set(
    members.flatMap(({ said }) => [
      ...(said?.arrived ?? []),
      ...(said?.behind ?? []).map(({ id }) => id),
    ]),
  );
  const isFound = ({ proxy, standing }: ProxyStanding) =>
    standing.type === 'gone' && elsewhere.has(proxy.id);
  const behind = own.behind.filter((each) => !isFound(each));
  const gone = own.counts.gone - (own.behind.length - behind.length);
  return { ...own, counts: { ...own.counts, gone }, behind };
}

/** Takes who went away since the last look; true while one of them may still come to another replica. */
function note(losses: Losses, members: readonly Member[], policies: number, gone: number): boolean {
  const there = new Set(members.map(({ id }) => id));
  for (const member of losses.last) {
    const { served, counts } = memberStanding(member.said, policies);
    if (!there.has(member.id) && !(served && counts.pending === 0))
      losses.departed.set(member.id, member);
  }
  for (const id of there) losses.departed.delete(id);
  losses.last = members;
  const count = gone + losses.departed.size;
  if (count > losses.count) losses.at = performance.now();
  losses.count = count;
  const alone = members.length + losses.departed.size === 0;
  return !alone && count > 0 && performance.now() < losses.at + SETTLING;
}
