import { isDeepStrictEqual } from 'node:util';
import type { PolicyCondition, PolicySource, PolicyStanding, SourcePolicy } from '@meshkeeper/mesh';
import { policyId } from '@meshkeeper/policy';
import type { PolicyProblem } from './policy-tree.ts';
import { sourcedPolicy } from './sourced-policy.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** A policy of a source, as far as it can be used. */
export interface SourcedEntry {
  readonly id: string;
  /** Of what is written there. */
  readonly version: string;
  /** What is used: what is written there, or what was there last that is valid. */
  readonly stored?: StoredPolicy;
  /** Why what is written there can't be used. */
  readonly fault?: { readonly reason: string; readonly message: string };
  /** What the source itself knows to be the case. */
  readonly conditions: readonly PolicyCondition[];
}

/** What is told of a source's policies. */
export interface PoliciesOfSourceOptions {
  readonly name: string;
  /** What was there when it was read last. */
  readonly restored: readonly StoredPolicy[] | undefined;
  /** Called when other policies are to be used; with those that are used now. */
  readonly changed: (used: readonly StoredPolicy[]) => void;
}

const NONE: ReadonlyMap<string, SourcedEntry> = new Map();

/**
 * The policies of a source, as they were told last: while it is away, and until it was read completely,
 * they are what they were.
 */
export class PoliciesOfSource {
  readonly name: string;
  readonly #options: PoliciesOfSourceOptions;
  #entries: ReadonlyMap<string, SourcedEntry> = NONE;
  /** What was told of each, to tell what has changed. */
  #told: ReadonlyMap<string, SourcePolicy> = new Map();
  #source: PolicySource | undefined;
  /** What it was told last. */
  #judged: ReadonlyMap<string, PolicyStanding> | undefined;
  /** Whether there was a complete list once, in this process or before. */
  #known: boolean;

  constructor(options: PoliciesOfSourceOptions) {
    this.name = options.name;
    this.#options = options;
    const { restored } = options;
    this.#known = restored !== undefined;
    this.#entries = new Map(
      (restored ?? []).flatMap((stored) => {
        if (stored.source === undefined) return [];
        const { id, version } = stored.source;
        return [[id, { id, version, stored, conditions: [] }] as const];
      }),
    );
  }

  get entries(): Iterable<SourcedEntry> {
    return this.#entries.values();
  }

  /** One of them, by what the source calls it. */
  entry(id: string): SourcedEntry | undefined {
    return this.#entries.get(id);
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is used of it. */
  get used(): readonly StoredPolicy[] {
    return [...this.#entries.values()].flatMap(({ stored }) => stored ?? []);
  }

  /** What can't be used, and that nothing is known of how it is now. */
  get problems(): readonly PolicyProblem[] {
    const { name } = this;
    const state = this.#source?.state.type;
    const isOld = this.#entries.size > 0 && state !== 'live';
    const old = {
      path: name,
      message: 'is away: its policies are what they were when it was read last',
    };
    return [
      ...(isOld ? [old] : []),
      ...[...this.#entries.values()].flatMap(({ id, stored, fault }) =>
        fault === undefined
          ? []
          : {
              path: `${name} ${id}`,
              ...(stored && { policy: policyId(stored.policy) }),
              message: `${fault.message}: ${stored === undefined ? 'it is left out' : 'what it was before goes on being used'}`,
            },
      ),
    ];
  }

  /**
   * Follows what a source says of policies, which may be nothing; until the signal aborts.
   * @param failed told when it ends otherwise
   * @returns resolves when it is known which there are
   */
  follow(
    source: PolicySource | undefined,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void> {
    this.#source = source;
    this.#judged = undefined;
    if (source === undefined) {
      this.#take([]);
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#known) resolve();
    const run = async () => {
      for await (const list of source.changes(signal)) {
        // It may go on although it was told to end.
        if (signal.aborted) return;
        this.#take(list);
        resolve();
      }
      if (!signal.aborted) throw new Error('its policies have ended');
    };
    void run()
      .catch((error) => {
        if (!signal.aborted) failed(error);
      })
      .finally(() => {
        if (this.#source === source) this.#source = undefined;
      });
    return promise;
  }

  /** Tells the source how its policies stand, if it wants to know and it is news: what is the same, as the same object. */
  judged(standings: ReadonlyMap<string, PolicyStanding>): void {
    if (this.#source === undefined) return;
    const before = this.#judged;
    if (
      before?.size === standings.size &&
      [...standings].every(([id, standing]) => before.get(id) === standing)
    )
      return;
    this.#judged = standings;
    this.#source.judged?.(standings);
  }

  #take(list: readonly SourcePolicy[]): void {
    const entries = new Map<string, SourcedEntry>();
    const told = new Map<string, SourcePolicy>();
    for (const policy of list) {
      told.set(policy.id, policy);
      const before = this.#entries.get(policy.id);
      const same = this.#told.get(policy.id) === policy;
      entries.set(policy.id, same && before !== undefined ? before : this.#read(policy, before));
    }
    const first = !this.#known;
    const [was, is] = [this.#entries, entries];
    this.#told = told;
    this.#entries = entries;
    this.#known = true;
    const isSame = was.size === is.size && [...is].every(([id, entry]) => was.get(id) === entry);
    if (first || !isSame) this.#options.changed(this.used);
  }

  #read(policy: SourcePolicy, before: SourcedEntry | undefined): SourcedEntry {
    const { id, version, conditions = [] } = policy;
    const read = sourcedPolicy(this.name, policy);
    if (!('stored' in read)) {
      const { reason, fault: message } = read;
      const stored = before?.stored;
      return { id, version, ...(stored && { stored }), fault: { reason, message }, conditions };
    }
    const known = before?.stored;
    const stored =
      known !== undefined && isDeepStrictEqual(known, read.stored) ? known : read.stored;
    return { id, version, stored, conditions };
  }
}
