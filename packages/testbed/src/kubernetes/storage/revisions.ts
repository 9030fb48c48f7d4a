/** The one counter that all resources share, as etcd's. */
export class Revisions {
  #current = 1;

  get current(): number {
    return this.#current;
  }

  /** Of the next write. */
  next(): number {
    this.#current += 1;
    return this.#current;
  }
}
