/** Spans of the window, and how long each is, in milliseconds: an hour in all. */
const SPANS = 6;
const SPAN = 600_000;
/** What even the quickest change takes longer than is the clocks' doing, in milliseconds. */
const TOO_LONG = 1_000;

/**
 * How far a registry's clock seems to be from ours, by the quickest change of the last hour: none is
 * seen before it was committed, and the quickest within a second. Only what contradicts that is
 * corrected, so that clocks that are set well are believed to the millisecond. Pure.
 */
export class ClockSkew {
  readonly #spans: { readonly from: number; least: number }[] = [];

  /** A change that its ensemble says to be committed at `mtime` was seen at `now`. */
  seen(mtime: number, now: number): void {
    const last = this.#spans.at(-1);
    const took = now - mtime;
    if (last !== undefined && now - last.from < SPAN) last.least = Math.min(last.least, took);
    else this.#spans.push({ from: now, least: took });
    if (this.#spans.length > SPANS) this.#spans.shift();
  }

  /** Milliseconds to add to the registry's times so that they are ours. */
  get correction(): number {
    if (this.#spans.length === 0) return 0;
    const least = Math.min(...this.#spans.map((span) => span.least));
    return least < 0 || least > TOO_LONG ? least : 0;
  }
}
