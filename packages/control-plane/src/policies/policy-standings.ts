import type { PolicyCondition, PolicyStanding, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import { type Finding, pathText, policyId } from '@meshkeeper/policy';
import type { XdsObserver } from '@meshkeeper/xds';
import type { Convergence } from '../convergence/convergence.ts';
import type { DataPlaneKinds } from '../convergence/data-plane-kinds.ts';
import type { Others } from '../members/mesh-convergence.ts';
import type { SourcedEntry } from './policies-of-source.ts';
import { conditionsOf } from './policy-status.ts';
import type { ServedPolicies } from './served-policies.ts';
import type { SourcedPolicies } from './sourced-policies.ts';
import { programmedAt } from './sourced-programmed.ts';
import type { StoredPolicy } from './stored-policy.ts';
import { unsupportedBy } from './unsupported-by.ts';

/** What decides how the policies of sources stand. */
export interface PolicyStandingsOptions {
  readonly sourced: SourcedPolicies;
  readonly served: ServedPolicies;
  readonly snapshot: () => Snapshot;
  readonly convergence: Pick<Convergence, 'progress'>;
  readonly others: Others;
  readonly kinds: Pick<DataPlaneKinds, 'connected'>;
}

/** Between two looks at how they stand, in milliseconds. */
const PACE = 100;

/** How one stands, and of what that was made. */
interface Judged {
  readonly found: readonly PolicyCondition[];
  readonly programmed: PolicyCondition;
  readonly standing: PolicyStanding;
}

/**
 * How the policies of sources stand, which the sources are told after each change. Each replica finds the
 * same out for itself; which of them writes it down is the source's matter.
 */
export class PolicyStandings implements Disposable {
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;
  readonly #options: PolicyStandingsOptions;
  readonly #unsubscribe: () => void;
  /** What all data planes had once: one that comes later does not take it back. */
  readonly #acknowledged = new WeakSet<StoredPolicy>();
  readonly #judged = new WeakMap<SourcedEntry, Judged>();
  #timer: NodeJS.Timeout | undefined;
  /** What the checks find, by policy, and what is found of each with that. */
  #findings: ReadonlyMap<string, readonly Finding[]> | undefined;
  #checked: unknown;
  #kinds = '';
  #found = new WeakMap<SourcedEntry, readonly PolicyCondition[]>();

  constructor(options: PolicyStandingsOptions) {
    this.#options = options;
    const changed = () => this.changed();
    this.observer = {
      ...{ connected: changed, disconnected: changed },
      ...{ applied: changed, nacked: changed, served: changed },
    };
    this.#unsubscribe = options.others.onChange(changed);
  }

  /** A snapshot is served: services may have come and gone. Endpoints are nothing to policies. */
  published(changes: readonly ServiceChange[]): void {
    const isOfServices = (change: ServiceChange) =>
      change.type !== 'updated' || change.before.protocol !== change.after.protocol;
    if (changes.some(isOfServices)) this.#findings = undefined;
  }

  /** Something may have changed: of policies, services, or data planes. */
  changed(): void {
    if (this.#timer !== undefined || this.#options.sourced.isEmpty) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, PACE).unref();
  }

  /** How a policy of a source stands. */
  conditionsOf(stored: StoredPolicy): readonly PolicyCondition[] {
    const { name, id } = stored.source ?? { name: '', id: '' };
    const entry = this.#options.sourced.of(name).entry(id);
    return entry === undefined ? [] : this.#standing(entry, new Map()).conditions;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  #tell(): void {
    const programmed = new Map<number, PolicyCondition>();
    for (const source of this.#options.sourced.sources)
      source.judged(
        new Map(
          Array.from(source.entries, (entry) => [entry.id, this.#standing(entry, programmed)]),
        ),
      );
  }

  /** The same object as long as it is the same. */
  #standing(entry: SourcedEntry, known: Map<number, PolicyCondition>): PolicyStanding {
    const found = this.#foundOf(entry);
    const { stored, fault, version } = entry;
    const programmed =
      fault === undefined && stored !== undefined ? this.#programmed(stored, known) : NOT_USED;
    const before = this.#judged.get(entry);
    if (before?.found === found && isSame(before.programmed, programmed)) return before.standing;
    // What the platform says goes before: it knows what was there before it got its name in the mesh.
    const conditions = [...found, programmed].map(
      (each) => entry.conditions.find(({ type }) => type === each.type) ?? each,
    );
    const standing = { version, conditions };
    this.#judged.set(entry, { found, programmed, standing });
    return standing;
  }

  /** Whether it is accepted, and its references are resolved. */
  #foundOf(entry: SourcedEntry): readonly PolicyCondition[] {
    const { served, snapshot, kinds } = this.#options;
    const connected = kinds.connected.join();
    if (
      this.#findings === undefined ||
      this.#checked !== served.list ||
      this.#kinds !== connected
    ) {
      this.#findings = Map.groupBy(served.findings(snapshot()), (each) => policyId(each.policy));
      this.#checked = served.list;
      this.#kinds = connected;
      this.#found = new WeakMap();
    }
    const known = this.#found.get(entry);
    if (known !== undefined) return known;
    const { stored, fault } = entry;
    const found =
      fault === undefined && stored !== undefined
        ? conditionsOf(this.#findings.get(policyId(stored.policy)) ?? [], {
            unsupported: unsupportedBy(stored.policy, kinds.connected).map(
              ({ path, message }) => `${pathText(path)}: ${message}`,
            ),
          })
        : [
            { type: 'Accepted', status: 'False', ...(fault ?? NOT_READ) } as const,
            ...conditionsOf([], {}).filter(({ type }) => type === 'ResolvedRefs'),
          ];
    this.#found.set(entry, found);
    return found;
  }

  #programmed(stored: StoredPolicy, known: Map<number, PolicyCondition>): PolicyCondition {
    if (this.#acknowledged.has(stored)) return ACKNOWLEDGED;
    const { served, convergence, others } = this.#options;
    const first = served.firstOf(stored);
    if (first === undefined) return NOT_SERVED;
    const found =
      known.get(first) ??
      programmedAt(convergence.progress(first), served.sourcedDigest, others.list);
    known.set(first, found);
    if (found.status === 'True') this.#acknowledged.add(stored);
    return found;
  }
}

const NOT_READ = { reason: 'Pending', message: 'it was not read yet' };
const NOT_SERVED: PolicyCondition = {
  ...{ type: 'Programmed', status: 'False', reason: 'Pending', message: 'it is not served yet' },
};
const NOT_USED: PolicyCondition = {
  ...{ type: 'Programmed', status: 'False', reason: 'Invalid', message: '' },
};
const ACKNOWLEDGED: PolicyCondition = {
  ...{ type: 'Programmed', status: 'True', reason: 'Programmed', message: '' },
};

function isSame(a: PolicyCondition, b: PolicyCondition): boolean {
  return a.status === b.status && a.reason === b.reason && a.message === b.message;
}
