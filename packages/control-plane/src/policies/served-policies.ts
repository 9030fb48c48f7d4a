import type { Policies, Snapshot } from '@meshkeeper/mesh';
import {
  checkPolicies,
  compilePolicies,
  type Finding,
  type Policy,
  pathText,
  policyId,
} from '@meshkeeper/policy';
import type { Logger } from '@meshkeeper/zookeeper';
import type { PolicyList } from './policy-tree.ts';
import type { SourcedPolicies } from './sourced-policies.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** A revision of the policies, and the first revision of the snapshot that had it. */
interface Served {
  readonly policies: number;
  readonly snapshot: number;
}

/** What was used of sources' policies, and the first revision of the snapshot that had it. */
export interface ServedDigest {
  readonly digest: string;
  readonly snapshot: number;
}

/** Revisions that are known by that of their snapshot; older ones count as the oldest of them. */
const REMEMBERED = 1_000;

/** Of what is found at once so much is logged. */
const LOGGED = 50;

/** The policies that are read, and which snapshot they are in. What is wrong with them is logged once. */
export class ServedPolicies {
  readonly #logger: Logger;
  readonly #sourced: Pick<SourcedPolicies, 'used' | 'problems' | 'digest'> | undefined;
  /** What operators have applied. */
  #own: PolicyList | undefined;
  /** With what sources have. */
  #list: PolicyList | undefined;
  #compiled: Policies | undefined;
  /** What a snapshot has. */
  #committed: PolicyList | undefined;
  /** In the order of the revisions. */
  #served: Served[] = [];
  #digests: ServedDigest[] = [];
  /** The first snapshot that had each policy of a source. */
  #firsts = new Map<StoredPolicy, number>();
  #waiting = new Set<() => void>();
  #checked:
    | { readonly of: unknown; readonly services: unknown; readonly found: readonly Finding[] }
    | undefined;
  /** What was logged of what is wrong now. */
  #logged: ReadonlySet<string> = new Set();

  constructor(logger: Logger, sourced?: Pick<SourcedPolicies, 'used' | 'problems' | 'digest'>) {
    this.#logger = logger;
    this.#sourced = sourced;
  }

  /** What was read last, with what sources have; undefined before anything was. */
  get list(): PolicyList | undefined {
    return this.#list;
  }

  /** Takes what was read, and compiles it: the same object where nothing that counts has changed. */
  take(list: PolicyList): Policies {
    this.#own = list;
    const sourced = this.#sourced?.used ?? [];
    this.#list = sourced.length === 0 ? list : { ...list, policies: merged(list, sourced) };
    this.#compiled = compilePolicies(policiesOf(this.#list), this.#compiled);
    return this.#compiled;
  }

  /** Takes what sources have now; undefined before it was read what operators have applied. */
  takeSourced(): Policies | undefined {
    return this.#own === undefined ? undefined : this.take({ ...this.#own });
  }

  /** Of what sources have: what can't be used, or is old. */
  get sourceProblems(): PolicyList['problems'] {
    return this.#sourced?.problems ?? [];
  }

  /** What was taken is in this snapshot, or makes no difference to it. True when that is news. */
  committed(snapshot: Snapshot): boolean {
    if (this.#list === undefined || this.#list === this.#committed) return false;
    this.#committed = this.#list;
    const { revision } = this.#list;
    const last = this.#served.at(-1)?.policies;
    // After the loss of all there is, they begin again.
    if (last !== undefined && last > revision) this.#served = [];
    if (last !== revision) this.#served.push({ policies: revision, snapshot: snapshot.revision });
    if (this.#served.length > REMEMBERED) this.#served.shift();
    this.#commitSourced(this.#list, snapshot.revision);
    this.#log(this.findings(snapshot));
    for (const wake of this.#waiting) wake();
    return true;
  }

  /** The first snapshot that has a policy of a source as it is now; undefined before. */
  firstOf(stored: StoredPolicy): number | undefined {
    return this.#firsts.get(stored);
  }

  /** What is used of sources' policies in the newest snapshot; undefined when there are none. */
  get sourcedDigest(): string | undefined {
    return this.#digests.at(-1)?.digest;
  }

  /** What is used of sources' policies in a snapshot; undefined when there are none. */
  sourcedIn(snapshot: number): ServedDigest | undefined {
    return this.#digests.findLast((each) => each.snapshot <= snapshot);
  }

  /** The revision of the first snapshot that has that revision of the policies; undefined before. */
  snapshotOf(revision: number): number | undefined {
    return this.#served.find(({ policies }) => policies >= revision)?.snapshot;
  }

  /** The newest revision of the policies that a snapshot has; undefined when it has none that is known. */
  policiesIn(snapshot: number): number | undefined {
    return this.#served.findLast((each) => each.snapshot <= snapshot)?.policies;
  }

  /** The first revision of the policies that comes with this snapshot or a later one; undefined while none does. */
  policiesFrom(snapshot: number): number | undefined {
    return this.#served.find((each) => each.snapshot >= snapshot)?.policies;
  }

  /**
   * Waits until a snapshot has that revision of the policies, and gives its revision.
   * @throws the signal's reason
   */
  async served(revision: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const snapshot = this.snapshotOf(revision);
      if (snapshot !== undefined) return snapshot;
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  /** What the checks find in what was read, with the services of a snapshot. */
  findings({ services }: Snapshot): readonly Finding[] {
    const { of, found, services: known } = this.#checked ?? {};
    if (found !== undefined && of === this.#list && known === services) return found;
    const policies = this.#list === undefined ? [] : policiesOf(this.#list);
    const fresh = policies.length === 0 ? [] : checkPolicies({ policies, services: [...services] });
    this.#checked = { of: this.#list, services, found: fresh };
    return fresh;
  }

  #commitSourced({ policies }: PolicyList, snapshot: number): void {
    const before = this.#firsts;
    const sourced = policies.filter(({ source }) => source !== undefined);
    this.#firsts = new Map(sourced.map((stored) => [stored, before.get(stored) ?? snapshot]));
    const digest = this.#sourced?.digest;
    if (digest === undefined) this.#digests = [];
    else if (digest !== this.#digests.at(-1)?.digest) this.#digests.push({ digest, snapshot });
    if (this.#digests.length > REMEMBERED) this.#digests.shift();
  }

  #log(findings: readonly Finding[]): void {
    const logged = new Set<string>();
    let news = 0;
    const warn = (key: string, what: object, message: string) => {
      logged.add(key);
      if (!this.#logged.has(key) && ++news <= LOGGED) this.#logger.warn(what, message);
    };
    for (const { path, policy, message, using } of this.#list?.problems ?? []) {
      const used = using === undefined ? 'it is left out' : `revision ${using} goes on being used`;
      warn(`${path} ${message}`, { path, policy }, `a policy's znode ${message}: ${used}`);
    }
    for (const { path, policy, message } of this.sourceProblems)
      warn(`${path} ${message}`, { path, policy }, `a policy of a source ${message}`);
    for (const { policy, path, code, message } of findings) {
      const id = policyId(policy);
      const field = pathText(path);
      warn(`${id} ${field} ${code} ${message}`, { policy: id, field, code }, message);
    }
    if (news > LOGGED)
      this.#logger.warn({ more: news - LOGGED }, 'more is found in policies: see "meshkeeper get"');
    this.#logged = logged;
  }
}

function policiesOf({ policies }: PolicyList): readonly Policy[] {
  return policies.map(({ policy }) => policy);
}

/** In the order of their ids, as the list without the others. */
function merged(
  { policies }: PolicyList,
  sourced: readonly StoredPolicy[],
): readonly StoredPolicy[] {
  return [...policies, ...sourced]
    .map((stored) => ({ stored, id: policyId(stored.policy) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ stored }) => stored);
}
