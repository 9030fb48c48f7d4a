/** Problems that are shown at a time. */
const MOST = 200;

/** Problems by what they are of; no more than can be shown. */
export class BoundedProblems<T> {
  readonly #all = new Map<string, T>();
  /** Which of them were found together. */
  readonly #groups = new Map<string, readonly string[]>();

  get all(): ReadonlyMap<string, T> {
    return this.#all;
  }

  /** Sets one, or takes it away. */
  set(key: string, problem: T | undefined): void {
    if (problem === undefined) this.#all.delete(key);
    else if (this.#all.has(key) || this.#all.size < MOST) this.#all.set(key, problem);
  }

  /** Sets those of a group, in place of the ones before. */
  replace(group: string, problems: ReadonlyMap<string, T>): void {
    for (const key of this.#groups.get(group) ?? []) if (!problems.has(key)) this.#all.delete(key);
    if (problems.size === 0) this.#groups.delete(group);
    else this.#groups.set(group, [...problems.keys()]);
    for (const [key, problem] of problems) this.set(key, problem);
  }
}
