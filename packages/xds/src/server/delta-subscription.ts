import type { DeltaDiscoveryRequest } from '../codec/messages.ts';
import type { Resource } from '../resources/resource.ts';
import { NOTHING_BEFORE, type Response } from './response.ts';
import { Subscription, type Verdict } from './subscription.ts';

/** A type on an incremental stream: only what changed is sent, and what is gone is named. */
export class DeltaSubscription extends Subscription {
  /** Versions of what the stream was sent, or says that it has. */
  protected readonly known = new Map<string, string>();
  #started = false;

  /**
   * Takes a request.
   * @param legacyWildcard a first request without names means all
   * @param revision of what is served now
   */
  receive(
    request: DeltaDiscoveryRequest,
    legacyWildcard: boolean,
    now: number,
    revision: number,
  ): Verdict | undefined {
    const verdict = this.judge(request.responseNonce ?? '', request.errorDetail, now);
    const first = !this.#started;
    this.#started = true;
    const subscribe = request.resourceNamesSubscribe ?? [];
    if (first) {
      for (const [name, version] of Object.entries(request.initialResourceVersions ?? {}))
        this.known.set(name, version);
      if (subscribe.length === 0 && legacyWildcard) this.#subscribeAll(revision);
    }
    // Subscriptions count whatever the nonce: they are changes, which nobody repeats.
    for (const name of subscribe) this.#subscribe(name, first, revision);
    for (const name of request.resourceNamesUnsubscribe ?? []) this.#unsubscribe(name, revision);
    if (first) this.forgetUncovered();
    return verdict;
  }

  upsert(now: number): Response | undefined {
    const difference = this.difference();
    const { missing } = difference;
    const upserts = this.notInFlight(difference.upserts, now);
    if (upserts.length === 0 && missing.length === 0 && !this.owed) return undefined;
    this.owed = false;
    const since = this.clean([...upserts.map(({ name }) => name), ...missing]);
    return this.respond(upserts, missing, since);
  }

  removal(): Response | undefined {
    const { gone } = this.difference();
    if (gone.length === 0) return undefined;
    return this.respond([], gone, this.clean(gone));
  }

  protected override versionSent(name: string): string | undefined {
    return this.known.get(name);
  }

  protected override sentNames(): Iterable<string> {
    return this.known.keys();
  }

  #subscribe(name: string, first: boolean, revision: number): void {
    if (name === '*') {
      this.#subscribeAll(revision);
      return;
    }
    this.asked.add(name);
    this.soil(name, revision);
    // Asked for again means that the client has dropped it; but on a new stream it says what it has.
    if (!first || !this.known.has(name)) this.forced.add(name);
  }

  #subscribeAll(revision: number): void {
    this.asked.wildcard = true;
    // The client waits for this response, also when there is nothing to say.
    this.owed = true;
    for (const { name } of this.view.list) if (this.covers(name)) this.soil(name, revision);
    for (const name of this.known.keys()) this.soil(name, revision);
  }

  #unsubscribe(name: string, revision: number): void {
    if (name === '*') {
      this.asked.wildcard = false;
      this.forgetUncovered();
      return;
    }
    this.asked.delete(name);
    if (this.asked.wildcard) {
      // The client has dropped it, but the wildcard still covers it: say what is the case.
      this.soil(name, revision);
      this.forced.add(name);
    } else this.#forget(name);
  }

  /** Forgets what it no longer covers: the client has dropped it. */
  protected forgetUncovered(): void {
    for (const name of [...this.known.keys(), ...this.dirty.keys()])
      if (!this.covers(name)) this.#forget(name);
  }

  #forget(name: string): void {
    this.known.delete(name);
    this.dirty.delete(name);
    this.forced.delete(name);
  }

  protected respond(
    upserts: readonly Resource[],
    removed: readonly string[],
    since: number | undefined,
  ): Response {
    for (const { name, version } of upserts) this.known.set(name, version);
    for (const name of removed) this.known.delete(name);
    const { typeUrl } = this;
    const { version } = this.view;
    const resources = this.shared(upserts);
    return { typeUrl, version, resources, removed, fresh: upserts, before: NOTHING_BEFORE, since };
  }

  /** The same resources as an array that other streams have too: those that get it share the frame. */
  protected shared(upserts: readonly Resource[]): readonly Resource[] {
    return upserts.length === this.view.size ? this.view.list : upserts;
  }
}
