import { compareFencing, type Lease } from '../../src/index.ts';

/** One lease as its holder got it. */
interface Grant {
  readonly who: string;
  readonly lease: Lease;
}

/** Writes down who got what, when, and what must not have been. */
export class Ledger {
  readonly violations: string[] = [];
  #last: Grant | undefined;

  /** Who has the newest lease, while it can be trusted. */
  get holder(): string | undefined {
    return this.#last?.lease.signal.aborted === false ? this.#last.who : undefined;
  }

  /** The newest lease. */
  get lease(): Lease | undefined {
    return this.#last?.lease;
  }

  /** Somebody got a lease. A latch gets the same one anew when only its connection was away. */
  granted(who: string, lease: Lease): void {
    const last = this.#last;
    this.#last = { who, lease };
    if (last === undefined || last.lease === lease) return;
    const order = compareFencing(last.lease.fencing, lease.fencing);
    if (order > 0 || (order === 0 && last.who !== who))
      this.violations.push(`${who} got an older token than ${last.who} had`);
    if (!last.lease.signal.aborted)
      this.violations.push(`${who} got what ${last.who} trusted to have`);
  }
}
