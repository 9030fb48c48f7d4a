import type { Change } from './plan.ts';

interface Pending {
  readonly id: string;
  /** Of an address in an assignment, with what stands before it. */
  readonly bytes: Buffer;
  /** Whether the address is to be there, or no longer. */
  readonly isThere: boolean;
  /** Who has not received it. */
  readonly waiting: Set<unknown>;
}

/** Finds when the last of some receivers was sent each change. Pure. */
export class Receipts {
  readonly #receivers: readonly unknown[];
  readonly #pending = new Map<string, Set<Pending>>();
  #outstanding = 0;
  /** When the last receiver had it, by id of the instance. */
  readonly receivedAt = new Map<string, number>();

  constructor(receivers: readonly unknown[]) {
    this.#receivers = receivers;
  }

  /** That change is about to be made; the address is the instance's, until now where it is removed. */
  expect({ kind, service, id }: Change, address: string): void {
    const pending = this.#pending.get(service) ?? new Set();
    this.#pending.set(service, pending);
    const bytes = Buffer.from(`\x12${String.fromCharCode(address.length)}${address}`, 'latin1');
    const waiting = new Set(this.#receivers);
    pending.add({ id, bytes, isThere: kind !== 'removed', waiting });
    this.#outstanding++;
  }

  /** A receiver was sent the assignment of a service. */
  received(receiver: unknown, service: string, any: Buffer, at: number): void {
    const pending = this.#pending.get(service);
    if (pending === undefined) return;
    for (const each of pending) {
      if (any.includes(each.bytes) !== each.isThere || !each.waiting.delete(receiver)) continue;
      if (each.waiting.size > 0) continue;
      pending.delete(each);
      this.#outstanding--;
      this.receivedAt.set(each.id, at);
    }
  }

  /** Whether every change has reached everybody. */
  get isComplete(): boolean {
    return this.#outstanding === 0;
  }
}
