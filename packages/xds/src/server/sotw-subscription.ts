import type { DiscoveryRequest } from '../codec/messages.ts';
import type { Resource } from '../resources/resource.ts';
import { NOTHING_BEFORE, type Response } from './response.ts';
import { Subscription, type Verdict } from './subscription.ts';

/**
 * A type on a state-of-the-world stream. Listeners and clusters are sent all together, because what
 * a response leaves out is deleted; of the other types only what changed is sent.
 */
export class SotwSubscription extends Subscription {
  readonly #sent = new Map<string, Resource>();
  #started = false;
  /** The names of the last request that counted. */
  #latest: readonly string[] | undefined;
  #named = false;

  /**
   * Takes a request.
   * @param legacyWildcard no names, in all requests so far, means all
   * @param revision of what is served now
   */
  receive(
    request: DiscoveryRequest,
    legacyWildcard: boolean,
    now: number,
    revision: number,
  ): Verdict | undefined {
    const nonce = request.responseNonce ?? '';
    const isStale = nonce !== '' && this.nonce !== '' && nonce !== this.nonce;
    const verdict = this.judge(nonce, request.errorDetail, now);
    // The client had not seen our last response: it will answer that one too, with the same names.
    if (isStale) return verdict;
    const names = request.resourceNames ?? [];
    // The same list as before changes nothing: an acknowledgement has them all again.
    if (names === this.#latest) return verdict;
    this.#latest = names;
    this.#subscribe(names, legacyWildcard, revision);
    this.#started = true;
    return verdict;
  }

  upsert(now: number): Response | undefined {
    const difference = this.difference();
    const { gone, missing } = difference;
    if (!this.#isComplete) {
      const upserts = this.notInFlight(difference.upserts, now);
      this.owed = false;
      // Nothing says "removed" here: the client learns it from the cluster or listener.
      for (const name of gone) this.#sent.delete(name);
      this.clean([...gone, ...missing]);
      if (upserts.length === 0) return undefined;
      return this.#respond(upserts, upserts, this.clean(upserts.map(({ name }) => name)));
    }
    const { upserts } = difference;
    if (upserts.length === 0 && !this.owed) return undefined;
    this.owed = false;
    const since = this.clean([...upserts.map(({ name }) => name), ...missing]);
    // What is gone stays in until whatever refers to it has been updated.
    const kept = gone.flatMap((name) => this.#sent.get(name) ?? []);
    const current = this.#current();
    return this.#respond(kept.length === 0 ? current : [...current, ...kept], upserts, since);
  }

  removal(): Response | undefined {
    const { gone } = this.difference();
    if (gone.length === 0) return undefined;
    for (const name of gone) this.#sent.delete(name);
    const since = this.clean(gone);
    return this.#isComplete ? this.#respond(this.#current(), [], since) : undefined;
  }

  protected override versionSent(name: string): string | undefined {
    return this.#sent.get(name)?.version;
  }

  protected override sentNames(): Iterable<string> {
    return this.#sent.keys();
  }

  /** Whether a response holds all that is subscribed to. */
  get #isComplete(): boolean {
    return this.type === 'cluster' || this.type === 'listener';
  }

  #subscribe(asked: readonly string[], legacyWildcard: boolean, revision: number): void {
    const names = new Set(asked);
    this.#named ||= names.size > 0;
    const wildcard = names.delete('*') || (legacyWildcard && !this.#named);
    if (wildcard && !this.asked.wildcard) {
      for (const { name } of this.view.list) this.soil(name, revision);
      this.owed = true;
    }
    const wasWildcard = this.asked.wildcard;
    this.asked.wildcard = wildcard;
    for (const name of names) {
      if (this.asked.names.has(name)) continue;
      this.asked.add(name);
      // A name that is asked for anew is sent even if it was sent before.
      this.soil(name, revision);
      this.forced.add(name);
      this.owed = true;
    }
    let dropped = wasWildcard && !wildcard;
    for (const name of this.asked.names) {
      if (names.has(name)) continue;
      this.asked.delete(name);
      dropped = true;
    }
    if (dropped) this.#forgetUncovered();
    if (!this.#started && this.#isComplete) this.owed = true;
  }

  #forgetUncovered(): void {
    for (const name of [...this.#sent.keys(), ...this.dirty.keys()]) {
      if (this.covers(name)) continue;
      this.#sent.delete(name);
      this.dirty.delete(name);
      this.forced.delete(name);
    }
  }

  #current(): readonly Resource[] {
    const all = this.asked.wildcard
      ? this.view.list
      : [...this.asked.names].flatMap((name) => this.view.get(name) ?? []);
    // One that was rejected would spoil this response too: the last good one stays in its place.
    if (!this.refusals.any) return all;
    return all.flatMap((resource) => this.refusals.replacement(resource) ?? []);
  }

  #respond(
    resources: readonly Resource[],
    fresh: readonly Resource[],
    since: number | undefined,
  ): Response {
    const before = this.#isComplete ? this.#before(fresh) : NOTHING_BEFORE;
    for (const resource of fresh) this.#sent.set(resource.name, resource);
    const { typeUrl, view } = this;
    return { typeUrl, version: view.version, resources, removed: [], fresh, before, since };
  }

  /** What the client has of these, as far as it accepted it. */
  #before(fresh: readonly Resource[]): ReadonlyMap<string, Resource> {
    if (this.#sent.size === 0) return NOTHING_BEFORE;
    const before = new Map<string, Resource>();
    for (const { name } of fresh) {
      const sent = this.#sent.get(name);
      const good = sent && this.refusals.replacement(sent);
      if (good !== undefined) before.set(name, good);
    }
    return before;
  }
}
