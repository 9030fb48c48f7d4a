/** Revisions whose time is kept, the newest. */
const KEPT = 4_096;

/** How far a data plane is behind what is served. */
export interface Lag {
  /** So many revisions. */
  readonly revisions: number;
  /** When the first that it lacks was served: milliseconds since the epoch; at the latest. */
  readonly since: number;
}

/** When each of the newest revisions was handed to the data planes. */
export class RevisionTimes {
  readonly #times: { readonly revision: number; readonly at: number }[] = [];

  /** `revision` is served from `at` on: milliseconds since the epoch. */
  published(revision: number, at: number): void {
    this.#times.push({ revision, at });
    if (this.#times.length > KEPT) this.#times.shift();
  }

  /** How far behind whoever has applied `revision` is; undefined: it has the newest. */
  lag(revision: number): Lag | undefined {
    const newest = this.#times.at(-1);
    if (newest === undefined || revision >= newest.revision) return undefined;
    let from = this.#times.length - 1;
    while (from > 0 && this.#times[from - 1]!.revision > revision) from--;
    return { revisions: newest.revision - revision, since: this.#times[from]!.at };
  }
}
