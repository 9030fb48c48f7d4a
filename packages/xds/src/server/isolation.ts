/**
 * Finds which resources of a rejected response are bad, where the client takes all of a response or
 * nothing of it: they are sent again in halves, and what is rejected by itself is bad. That may be only
 * because another one was in its way (a domain that moves): it is sent once more when others were
 * accepted after it, and when another bad one is no longer bad. Pure: says what is to be sent by itself.
 */
export class Isolation {
  #groups: (readonly string[])[] = [];
  /** What was rejected by itself, and not accepted since. */
  readonly #bad = new Set<string>();
  /** Whether the bad ones may be good now. */
  #progress = false;
  #searching = false;

  /** What is to be sent next, and nothing else with it; undefined when nothing is in doubt. */
  get next(): readonly string[] | undefined {
    return this.#groups[0];
  }

  /** These are to be sent too: what has changed in the meantime comes after what is in doubt. */
  also(names: Iterable<string>): void {
    const known = new Set(this.#groups.flat());
    const others = [...names].filter((name) => !known.has(name));
    if (others.length > 0) this.#groups.push(others);
  }

  /** What was next is on its way; or not, because there is nothing left of it to send. */
  taken(isSent: boolean): void {
    this.#groups.shift();
    if (!isSent) this.#settle();
  }

  /** A response with these was rejected. */
  rejected(names: readonly string[]): void {
    const half = names.length >> 1;
    if (half > 0) {
      this.#groups.unshift(names.slice(0, half), names.slice(half));
      this.#searching = true;
    } else for (const name of names) this.#bad.add(name);
    this.#settle();
  }

  /** A response with these was accepted. */
  accepted(names: readonly string[]): void {
    if (this.#bad.size > 0) {
      for (const name of names) if (this.#bad.delete(name)) this.#progress = true;
      this.#progress ||= this.#searching;
    }
    this.#settle();
  }

  /** Once all were tried: begins again with the bad ones, as long as that may help. */
  #settle(): void {
    if (this.#groups.length > 0) return;
    this.#searching = this.#progress && this.#bad.size > 0;
    this.#progress = false;
    if (this.#searching) this.#groups = Array.from(this.#bad, (name) => [name]);
  }
}
