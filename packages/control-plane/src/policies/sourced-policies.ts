import { createHash } from 'node:crypto';
import type { Logger } from '@meshkeeper/zookeeper';
import { LastKnownPolicies } from './last-known.ts';
import { PoliciesOfSource } from './policies-of-source.ts';
import type { PolicyProblem } from './policy-tree.ts';
import type { StoredPolicy } from './stored-policy.ts';

/** What the policies of sources are opened with. */
export interface SourcedPoliciesOptions {
  /** The sources that may have some, and what tells each from another of its name. */
  readonly sources: readonly { readonly name: string; readonly identity: string }[];
  /** Where they are kept for a start without their sources. */
  readonly dataDir: string | undefined;
  readonly logger: Logger;
  /** Called when other policies are to be used. */
  readonly changed: () => void;
}

/** The policies of all sources. */
export class SourcedPolicies implements AsyncDisposable {
  readonly #sources: ReadonlyMap<string, PoliciesOfSource>;
  readonly #keepers: readonly AsyncDisposable[];
  #digest: string | undefined;

  private constructor(
    sources: ReadonlyMap<string, PoliciesOfSource>,
    keepers: readonly AsyncDisposable[],
  ) {
    this.#sources = sources;
    this.#keepers = keepers;
  }

  /**
   * Those that were kept are there at once.
   * @throws ControlPlaneError DATA_DIR
   */
  static async open(options: SourcedPoliciesOptions): Promise<SourcedPolicies> {
    const { dataDir, logger } = options;
    const sources = new Map<string, PoliciesOfSource>();
    const keepers: AsyncDisposable[] = [];
    const all = new SourcedPolicies(sources, keepers);
    for (const { name, identity } of options.sources) {
      const kept =
        dataDir === undefined
          ? undefined
          : await LastKnownPolicies.open({ dataDir, identity, source: name, logger });
      if (kept !== undefined) keepers.push(kept.keeper);
      const restored = kept?.last.type === 'known' ? kept.last.list.policies : undefined;
      const changed = (policies: readonly StoredPolicy[]) => {
        all.#digest = undefined;
        // What there never was need not be kept.
        if (policies.length > 0 || restored !== undefined)
          kept?.keeper.keep({ revision: 0, policies, problems: [] });
        options.changed();
      };
      sources.set(name, new PoliciesOfSource({ name, restored, changed }));
    }
    return all;
  }

  /** Those of one source. */
  of(source: string): PoliciesOfSource {
    const found = this.#sources.get(source);
    if (found === undefined) throw new TypeError(`no source is called ${source}`);
    return found;
  }

  get sources(): Iterable<PoliciesOfSource> {
    return this.#sources.values();
  }

  /** True when no source has any. */
  get isEmpty(): boolean {
    for (const { size } of this.#sources.values()) if (size > 0) return false;
    return true;
  }

  /** All that are used. */
  get used(): readonly StoredPolicy[] {
    return [...this.#sources.values()].flatMap(({ used }) => used);
  }

  get problems(): readonly PolicyProblem[] {
    return [...this.#sources.values()].flatMap(({ problems }) => problems);
  }

  /** Tells what is used from what was; the same in all replicas. Undefined when there are none. */
  get digest(): string | undefined {
    const { used } = this;
    if (used.length === 0) return undefined;
    this.#digest ??= digestOf(used);
    return this.#digest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#keepers.map((each) => each[Symbol.asyncDispose]()));
  }
}

function digestOf(policies: readonly StoredPolicy[]): string {
  const texts = policies.map(({ policy, source }) => JSON.stringify([source?.version, policy]));
  return createHash('sha256').update(texts.sort().join('\n')).digest('hex').slice(0, 16);
}
