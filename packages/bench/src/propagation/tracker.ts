import type { ServiceChange } from '@meshkeeper/mesh';
import { type Judged, resourceTypeOf } from '@meshkeeper/xds';
import type { Applied, Responses } from './message.ts';

/** Finds the acknowledgement of each changed endpoint. Pure. */
export class Tracker {
  /** Endpoints by id that were published and not acknowledged, by service; with when that was. */
  readonly #pending = new Map<string, Map<string, number>>();
  #applied: Applied[] = [];
  #responses = { endpoints: 0, others: 0, rejected: 0 };

  /** These changes were handed to the data plane at `at`. */
  published(changes: readonly ServiceChange[], at: number): void {
    for (const change of changes) {
      if (change.type !== 'updated') continue;
      const pending = this.#pending.get(change.name) ?? new Map<string, number>();
      this.#pending.set(change.name, pending);
      for (const id of changedEndpoints(change)) pending.set(id, at);
    }
  }

  /** The data plane applied a response. */
  acked({ typeUrl, names, sentAt }: Judged, ackedAt: number): void {
    if (resourceTypeOf(typeUrl) !== 'endpoint') {
      this.#responses.others++;
      return;
    }
    this.#responses.endpoints++;
    for (const name of names) {
      const pending = this.#pending.get(name) ?? new Map<string, number>();
      for (const [id, publishedAt] of pending) {
        // One that was under way at that time does not hold the change.
        if (sentAt < publishedAt) continue;
        pending.delete(id);
        this.#applied.push({ id, ackedAt });
      }
    }
  }

  /** It rejected one. */
  nacked(): void {
    this.#responses.rejected++;
  }

  /** What happened since this was called last. */
  take(): { readonly applied: readonly Applied[]; readonly responses: Responses } {
    const taken = { applied: this.#applied, responses: this.#responses };
    this.#applied = [];
    this.#responses = { endpoints: 0, others: 0, rejected: 0 };
    return taken;
  }
}

function* changedEndpoints({ before, after }: Extract<ServiceChange, { type: 'updated' }>) {
  const old = new Map(before.endpoints.map((endpoint) => [endpoint.id, endpoint.origin.mzxid]));
  for (const { id, origin } of after.endpoints) {
    if (old.get(id) !== origin.mzxid) yield id;
    old.delete(id);
  }
  yield* old.keys();
}
