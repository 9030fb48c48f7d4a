/** When removals are held back. */
export interface RemovalLimits {
  /** Of all endpoints that are there, the share that may be on the way out at once: 0 to 1. */
  readonly maxShare: number;
  /** So many may always go, however few there are. */
  readonly free: number;
}

export const REMOVAL_LIMITS: RemovalLimits = { maxShare: 0.25, free: 10 };

/**
 * Adds up what is there and what of it is about to be removed, by service: when the second is too
 * large a part of the first, nothing is removed, as more likely the reading is wrong than the world.
 * A service counts as one beside its endpoints. Pure.
 */
export class RemovalGate {
  readonly #limits: RemovalLimits;
  readonly #counts = new Map<string, { readonly present: number; readonly removing: number }>();
  #present = 0;
  #removing = 0;

  constructor(limits: RemovalLimits = REMOVAL_LIMITS) {
    this.#limits = limits;
  }

  /** True while there is too much to remove. */
  get held(): boolean {
    const { maxShare, free } = this.#limits;
    return this.#removing > free && this.#removing > maxShare * this.#present;
  }

  get present(): number {
    return this.#present;
  }

  get removing(): number {
    return this.#removing;
  }

  /** What a service has, and what of that is to go. */
  set(key: string, present: number, removing: number): void {
    const before = this.#counts.get(key);
    this.#present += present - (before?.present ?? 0);
    this.#removing += removing - (before?.removing ?? 0);
    if (present === 0) this.#counts.delete(key);
    else this.#counts.set(key, { present, removing });
  }
}
