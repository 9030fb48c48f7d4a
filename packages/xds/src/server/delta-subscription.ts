import type { DeltaDiscoveryRequest } from '../codec/messages.ts';
import type { Resource } from '../resources/resource.ts';
import type { Response } from './response.ts';
import { Subscription, type Verdict } from './subscription.ts';

/** A type on an incremental stream: only what changed is sent, and what is gone is named. */
export class DeltaSubscription extends Subscription {
  readonly #known = new Map<string, string>();
  #started = false;

  /** Takes a request. `legacyWildcard`: a first request without names means all. */
  receive(
    request: DeltaDiscoveryRequest,
    legacyWildcard: boolean,
    now: number,
  ): Verdict | undefined {
    const verdict = this.judge(request.responseNonce ?? '', request.errorDetail, now);
    const first = !this.#started;
    this.#started = true;
    const subscribe = request.resourceNamesSubscribe ?? [];
    if (first) {
      for (const [name, version] of Object.entries(request.initialResourceVersions ?? {}))
        this.#known.set(name, version);
      if (subscribe.length === 0 && legacyWildcard) this.#subscribeAll();
    }
    // Subscriptions count whatever the nonce: they are changes, which nobody repeats.
    for (const name of subscribe) this.#subscribe(name, first);
    for (const name of request.resourceNamesUnsubscribe ?? []) this.#unsubscribe(name);
    if (first) this.#forgetUncovered();
    return verdict;
  }

  get hasUpserts(): boolean {
    return this.difference().upserts.length > 0;
  }

  upsert(): Response | undefined {
    const { upserts, missing, gone } = this.difference();
    if (upserts.length === 0 && missing.length === 0 && !this.owed) return undefined;
    this.owed = false;
    this.cleanAllBut(gone);
    return this.#respond(upserts, missing);
  }

  removal(): Response | undefined {
    const { gone } = this.difference();
    if (gone.length === 0) return undefined;
    for (const name of gone) this.dirty.delete(name);
    return this.#respond([], gone);
  }

  protected override versionSent(name: string): string | undefined {
    return this.#known.get(name);
  }

  #subscribe(name: string, first: boolean): void {
    if (name === '*') {
      this.#subscribeAll();
      return;
    }
    this.names.add(name);
    this.dirty.add(name);
    // Asked for again means that the client has dropped it; but on a new stream it says what it has.
    if (!first || !this.#known.has(name)) this.forced.add(name);
  }

  #subscribeAll(): void {
    this.wildcard = true;
    // The client waits for this response, also when there is nothing to say.
    this.owed = true;
    for (const { name } of this.view.list) this.dirty.add(name);
    for (const name of this.#known.keys()) this.dirty.add(name);
  }

  #unsubscribe(name: string): void {
    if (name === '*') {
      this.wildcard = false;
      this.#forgetUncovered();
      return;
    }
    this.names.delete(name);
    if (this.wildcard) {
      // The client has dropped it, but the wildcard still covers it: say what is the case.
      this.dirty.add(name);
      this.forced.add(name);
    } else this.#forget(name);
  }

  #forgetUncovered(): void {
    for (const name of [...this.#known.keys(), ...this.dirty])
      if (!this.covers(name)) this.#forget(name);
  }

  #forget(name: string): void {
    this.#known.delete(name);
    this.dirty.delete(name);
    this.forced.delete(name);
  }

  #respond(upserts: readonly Resource[], removed: readonly string[]): Response {
    for (const { name, version } of upserts) this.#known.set(name, version);
    for (const name of removed) this.#known.delete(name);
    const { typeUrl, view } = this;
    // The view's own list where it is all of it: streams that get the same list share the frame.
    const resources = upserts.length === view.list.length ? view.list : upserts;
    const fresh = upserts.map(({ name }) => name);
    return { typeUrl, version: view.version, resources, removed, fresh };
  }
}
