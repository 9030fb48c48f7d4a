import type { DiscoveryRequest } from '../codec/messages.ts';
import type { Resource } from '../resources/resource.ts';
import type { Response } from './response.ts';
import { Subscription, type Verdict } from './subscription.ts';

/**
 * A type on a state-of-the-world stream. Listeners and clusters are sent all together, because what
 * a response leaves out is deleted; of the other types only what changed is sent.
 */
export class SotwSubscription extends Subscription {
  readonly #sent = new Map<string, Resource>();
  #started = false;
  #named = false;

  /** Takes a request. `legacyWildcard`: no names, in all requests so far, means all. */
  receive(request: DiscoveryRequest, legacyWildcard: boolean, now: number): Verdict | undefined {
    const nonce = request.responseNonce ?? '';
    // The client had not seen our last response: it will answer that one too, with the same names.
    if (nonce !== '' && this.nonce !== '' && nonce !== this.nonce) return undefined;
    const verdict = this.judge(nonce, request.errorDetail, now);
    this.#subscribe(request.resourceNames ?? [], legacyWildcard);
    this.#started = true;
    return verdict;
  }

  get hasUpserts(): boolean {
    return this.difference().upserts.length > 0;
  }

  upsert(): Response | undefined {
    const { upserts, gone } = this.difference();
    if (!this.#isComplete) {
      this.owed = false;
      // Nothing says "removed" here: the client learns it from the cluster or listener.
      for (const name of gone) this.#sent.delete(name);
      this.cleanAllBut([]);
      return upserts.length === 0 ? undefined : this.#respond(upserts, upserts);
    }
    if (upserts.length === 0 && !this.owed) return undefined;
    this.owed = false;
    this.cleanAllBut(gone);
    // What is gone stays in until whatever refers to it has been updated.
    const kept = gone.flatMap((name) => this.#sent.get(name) ?? []);
    const current = this.#current();
    return this.#respond(kept.length === 0 ? current : [...current, ...kept], upserts);
  }

  removal(): Response | undefined {
    const { gone } = this.difference();
    if (gone.length === 0) return undefined;
    for (const name of gone) {
      this.#sent.delete(name);
      this.dirty.delete(name);
    }
    return this.#isComplete ? this.#respond(this.#current(), []) : undefined;
  }

  protected override versionSent(name: string): string | undefined {
    return this.#sent.get(name)?.version;
  }

  /** Whether a response holds all that is subscribed to. */
  get #isComplete(): boolean {
    return this.type === 'cluster' || this.type === 'listener';
  }

  #subscribe(asked: readonly string[], legacyWildcard: boolean): void {
    const names = new Set(asked);
    this.#named ||= names.size > 0;
    const wildcard = names.delete('*') || (legacyWildcard && !this.#named);
    if (wildcard && !this.wildcard) {
      for (const { name } of this.view.list) this.dirty.add(name);
      this.owed = true;
    }
    const wasWildcard = this.wildcard;
    this.wildcard = wildcard;
    for (const name of names) {
      if (this.names.has(name)) continue;
      this.names.add(name);
      // A name that is asked for anew is sent even if it was sent before.
      this.dirty.add(name);
      this.forced.add(name);
      this.owed = true;
    }
    let dropped = wasWildcard && !wildcard;
    for (const name of this.names) {
      if (names.has(name)) continue;
      this.names.delete(name);
      dropped = true;
    }
    if (dropped) this.#forgetUncovered();
    if (!this.#started && this.#isComplete) this.owed = true;
  }

  #forgetUncovered(): void {
    for (const name of [...this.#sent.keys(), ...this.dirty]) {
      if (this.covers(name)) continue;
      this.#sent.delete(name);
      this.dirty.delete(name);
      this.forced.delete(name);
    }
  }

  #current(): readonly Resource[] {
    if (this.wildcard) return this.view.list;
    return [...this.names].flatMap((name) => this.view.get(name) ?? []);
  }

  #respond(resources: readonly Resource[], upserts: readonly Resource[]): Response {
    for (const resource of upserts) this.#sent.set(resource.name, resource);
    const fresh = upserts.map(({ name }) => name);
    return { typeUrl: this.typeUrl, version: this.view.version, resources, removed: [], fresh };
  }
}
