/** What the mesh has written at a platform, and each write to it, in the order in which they were done. */
export class Ledger {
  #copies: ReadonlyMap<string, string> = new Map();
  readonly #writes: string[] = [];

  /** What is there now, by what it is called; its content as text. */
  see(copies: ReadonlyMap<string, string>): void {
    for (const name of this.#copies.keys())
      if (!copies.has(name)) this.#writes.push(`removed ${name}`);
    for (const [name, content] of copies) {
      const before = this.#copies.get(name);
      if (before === undefined) this.#writes.push(`added ${name}`);
      else if (before !== content) this.#writes.push(`changed ${name}: ${before} is ${content}`);
    }
    this.#copies = new Map(copies);
  }

  get copies(): string {
    return [...this.#copies.keys()].sort().join(' ');
  }

  /** Since it was asked last. */
  take(): string[] {
    return this.#writes.splice(0);
  }

  get writes(): readonly string[] {
    return this.#writes;
  }
}
