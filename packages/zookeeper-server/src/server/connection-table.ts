import type { Connection } from './connection.ts';

/** The open connections, by session and counted by address. */
export class ConnectionTable {
  readonly #open = new Set<Connection>();
  readonly #bySession = new Map<bigint, Connection>();
  readonly #perAddress = new Map<string, number>();
  /** Frames of the connections that are gone. */
  #received = 0;
  #sent = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Frames since the start, and requests whose replies wait. */
  get traffic(): { received: number; sent: number; outstanding: number } {
    const traffic = { received: this.#received, sent: this.#sent, outstanding: 0 };
    for (const connection of this.#open) {
      traffic.received += connection.received;
      traffic.sent += connection.sent;
      traffic.outstanding += connection.outstanding;
    }
    return traffic;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#open.values();
  }

  /** Takes a connection in; gives how many there are from its address. */
  add(connection: Connection): number {
    const { remoteAddress } = connection;
    const count = (this.#perAddress.get(remoteAddress) ?? 0) + 1;
    this.#perAddress.set(remoteAddress, count);
    this.#open.add(connection);
    return count;
  }

  delete(connection: Connection): void {
    const { sessionId, remoteAddress } = connection;
    this.#open.delete(connection);
    this.#received += connection.received;
    this.#sent += connection.sent;
    if (this.#bySession.get(sessionId) === connection) this.#bySession.delete(sessionId);
    const left = (this.#perAddress.get(remoteAddress) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(remoteAddress, left);
    else this.#perAddress.delete(remoteAddress);
  }

  /** Notes which session a connection is of, after its handshake. */
  bind(connection: Connection): void {
    this.#bySession.set(connection.sessionId, connection);
  }

  /** The connection that a session is on, if it is on one. */
  ofSession(id: bigint): Connection | undefined {
    return this.#bySession.get(id);
  }

  /** Closes all at once. */
  destroy(): void {
    for (const connection of [...this.#open]) connection.destroy();
  }
}
