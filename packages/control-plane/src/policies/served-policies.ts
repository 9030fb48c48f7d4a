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

/** A revision of the policies, and the first revision of the snapshot that had it. */
interface Served {
  readonly policies: number;
  readonly snapshot: number;
}

/** Revisions that are known by that of their snapshot; older ones count as the oldest of them. */
const REMEMBERED = 1_000;

/** Of what is found at once so much is logged. */
const LOGGED = 50;

/** The policies that are read, and which snapshot they are in. What is wrong with them is logged once. */
export class ServedPolicies {
  readonly #logger: Logger;
  #list: PolicyList | undefined;
  #compiled: Policies | undefined;
  /** What a snapshot has. */
  #committed: PolicyList | undefined;
  /** In the order of the revisions. */
  #served: Served[] = [];
  #waiting = new Set<() => void>();
  #checked:
    | { readonly of: unknown; readonly services: unknown; readonly found: readonly Finding[] }
    | undefined;
  /** What was logged of what is wrong now. */
  #logged: ReadonlySet<string> = new Set();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** What was read last; undefined before anything was. */
  get list(): PolicyList | undefined {
    return this.#list;
  }

  /** Takes what was read, and compiles it: the same object where nothing that counts has changed. */
  take(list: PolicyList): Policies {
    this.#list = list;
    this.#compiled = compilePolicies(policiesOf(list), this.#compiled);
    return this.#compiled;
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
    this.#log(this.findings(snapshot));
    for (const wake of this.#waiting) wake();
    return true;
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
