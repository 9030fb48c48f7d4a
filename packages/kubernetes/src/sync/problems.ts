/** So many are told. */
const MOST = 1_000;

/** What can't be brought over, by what it belongs to. */
export class Problems {
  readonly #by = new Map<string, ReadonlyMap<string, string>>();

  /** Replaces what was told of a subject. */
  set(subject: string, problems: Iterable<readonly [string, string]>): void {
    const told = new Map(problems);
    if (told.size === 0) this.#by.delete(subject);
    else this.#by.set(subject, told);
  }

  delete(subject: string): void {
    this.#by.delete(subject);
  }

  clear(): void {
    this.#by.clear();
  }

  /** All of them, as far as there is room. */
  get all(): ReadonlyMap<string, string> {
    const all = new Map<string, string>();
    for (const problems of this.#by.values())
      for (const [what, message] of problems) {
        if (all.size === MOST) return all;
        all.set(what, message);
      }
    return all;
  }
}
