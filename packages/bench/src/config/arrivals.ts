/** When each of the clients of a process had a value. */
export interface Arrived {
  readonly value: number;
  /** Milliseconds since the epoch, one a client. */
  readonly times: readonly number[];
}

/** Collects when clients had values; tells the parent process when all had one. The first is `ready`. */
export class Arrivals {
  readonly #clients: number;
  readonly #times = new Map<number, number[]>();

  constructor(clients: number) {
    this.#clients = clients;
  }

  had(value: number, at: number): void {
    const times = this.#times.get(value) ?? [];
    this.#times.set(value, times);
    if (times.push(at) < this.#clients) return;
    this.#times.delete(value);
    const arrived: Arrived = { value, times };
    process.send?.(arrived);
  }
}
