/** When each of the clients of a process had a value. */
export interface Arrived {
  readonly value: number;
  /** Milliseconds since the epoch, one a client. */
  readonly times: readonly number[];
}

/** Clients that have not had a value, although it was long ago. */
export interface Lacking {
  readonly value: number;
  readonly clients: readonly string[];
}

/** What the parent process asks for when it has waited too long: who lacks a value. */
interface Question {
  readonly lacks: number;
}

/** Collects when clients had values; tells the parent process when all had one. The first is `ready`. */
export class Arrivals {
  readonly #clients: readonly string[];
  readonly #times = new Map<number, Map<string, number>>();

  /** @param clients their names */
  constructor(clients: readonly string[]) {
    this.#clients = clients;
    process.once('disconnect', () => process.exit()); // who asks is gone
    process.on('message', ({ lacks: value }: Question) => {
      const times = this.#times.get(value);
      const lacking = this.#clients.filter((client) => !times?.has(client));
      process.send?.({ value, clients: lacking } satisfies Lacking);
    });
  }

  had(client: string, value: number, at: number): void {
    const times = this.#times.get(value) ?? new Map<string, number>();
    this.#times.set(value, times.set(client, at));
    if (times.size < this.#clients.length) return;
    this.#times.delete(value);
    process.send?.({ value, times: [...times.values()] } satisfies Arrived);
  }
}

/** The names of so many clients. */
export function clientNames(count: number, first: number): string[] {
  return Array.from({ length: count }, (_, i) => `i-${first + i}`);
}
