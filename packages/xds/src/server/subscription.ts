import { type ResourceType, resourceTypeOf } from '../codec/resource-type.ts';
import type { Resource } from '../resources/resource.ts';
import type { ResourceView } from '../resources/resource-set.ts';
import type { Interest, Interests, Subscriber } from './interests.ts';
import type { RefusedResource, ResourceStatus, TypeStatus } from './proxy-status.ts';
import { Refusals } from './refusals.ts';
import type { Frame, InFlight, Response } from './response.ts';

/** What became of a response that was in flight. */
export type Verdict =
  | { readonly type: 'acked'; readonly response: InFlight }
  | { readonly type: 'nacked'; readonly response: InFlight; readonly message: string };

/** What differs between what a stream was sent and what it should have. */
export interface Difference {
  readonly upserts: readonly Resource[];
  /** Asked for by name, and not there. */
  readonly missing: readonly string[];
  /** Sent earlier, and not there any more. */
  readonly gone: readonly string[];
}

/** A response that is not acknowledged for so long no longer holds later ones back. Milliseconds. */
export const ACK_TIMEOUT = 5000;
/** And for so long those with other endpoints: time for more of them to be sent together. */
export const ENDPOINT_HOLD = 20;

/**
 * One type on one stream: what it subscribed to, what it was sent, what it said of it. The two
 * variants of the protocol extend it. No sockets and no timers: `now` is given.
 */
export abstract class Subscription implements Subscriber {
  readonly typeUrl: string;
  /** Undefined for a type of which nothing is ever served. */
  readonly type: ResourceType | undefined;
  protected readonly view: ResourceView;
  /** What it asks for. */
  protected readonly asked: Interest;
  /** Names of which the stream may not have what it should, and since which revision. */
  protected readonly dirty = new Map<string, number>();
  /** Names to be sent although the version is the same. */
  protected readonly forced = new Set<string>();
  /** A request waits for a response, which may be empty. */
  protected owed = false;
  /** Nonce of the last response. */
  nonce = '';
  readonly #wake: () => void;
  #inFlight: InFlight[] = [];
  #sentVersion = '';
  #acked: { readonly version: string; readonly at: number } | undefined;
  #lastNack: TypeStatus['lastNack'];
  /** What it rejected, until it accepts something in its place. */
  protected readonly refusals = new Refusals();

  /** @param wake is called when it may have something to send for a change */
  constructor(typeUrl: string, view: ResourceView, interests: Interests, wake: () => void) {
    this.typeUrl = typeUrl;
    this.type = resourceTypeOf(typeUrl);
    this.view = view;
    this.asked = interests.interest(this.type, this);
    this.#wake = wake;
  }

  /** Whether a request is owed a response: that is not held back by one in flight. */
  get isOwed(): boolean {
    return this.owed || this.forced.size > 0;
  }

  /** Whether the stream may not have what it should. */
  get isDirty(): boolean {
    return this.dirty.size > 0;
  }

  /** Notes that these resources were added, replaced or removed in that revision. */
  changed(names: Iterable<string>, revision: number): void {
    let concerns = false;
    for (const name of names) {
      if (!this.covers(name)) continue;
      this.soil(name, revision);
      concerns = true;
    }
    if (concerns) this.#wake();
  }

  /** It is no longer told of changes. */
  close(): void {
    this.asked.close();
  }

  /** Sends these again, where it covers them and they exist. */
  resend(names: Iterable<string>, revision: number): void {
    for (const name of names) {
      if (!this.covers(name) || this.view.get(name) === undefined) continue;
      this.soil(name, revision);
      this.forced.add(name);
    }
  }

  /** Adds and replaces; removals wait for {@link removal}. Undefined when there is nothing to send. */
  abstract upsert(now: number): Response | undefined;

  /** Removes. Undefined when there is nothing to remove. */
  abstract removal(): Response | undefined;

  /** Whether there is something to add or replace. */
  get hasUpserts(): boolean {
    return this.difference().upserts.length > 0;
  }

  /** Whether there is something to add, replace or remove. */
  get hasChanges(): boolean {
    const { upserts, gone } = this.difference();
    return upserts.length > 0 || gone.length > 0;
  }

  protected abstract versionSent(name: string): string | undefined;

  /** The names of which the stream was sent something that it may still have. */
  protected abstract sentNames(): Iterable<string>;

  /** Whether it is subscribed to, and there. */
  isServed(name: string): boolean {
    return this.covers(name) && this.view.get(name) !== undefined;
  }

  protected covers(name: string): boolean {
    return this.asked.covers(name);
  }

  /** Notes that the stream may lack what that name is since that revision. */
  protected soil(name: string, revision: number): void {
    if (!this.dirty.has(name)) this.dirty.set(name, revision);
  }

  /** The difference among the dirty names; those without any are cleaned. */
  protected difference(): Difference {
    const upserts: Resource[] = [];
    const missing: string[] = [];
    const gone: string[] = [];
    for (const name of this.dirty.keys()) {
      const resource = this.view.get(name);
      const sent = this.versionSent(name);
      const forced = this.forced.has(name);
      if (resource !== undefined && (forced || sent !== resource.version)) upserts.push(resource);
      else if (resource === undefined && forced) missing.push(name);
      else if (resource === undefined && sent !== undefined) gone.push(name);
      else this.dirty.delete(name);
    }
    return { upserts, missing, gone };
  }

  /**
   * Takes these off the dirty names, and gives the revision since which the stream lacked the first
   * of them; undefined when it lacked none.
   */
  protected clean(names: Iterable<string>): number | undefined {
    let since: number | undefined;
    for (const name of names) {
      const revision = this.dirty.get(name);
      if (revision !== undefined) since = Math.min(since ?? revision, revision);
      this.dirty.delete(name);
      this.forced.delete(name);
    }
    return since;
  }

  /** Those that aren't in a response that may still be judged: a name is in flight once at a time. */
  protected notInFlight(resources: readonly Resource[], now: number): readonly Resource[] {
    if (!this.isPending(now)) return resources;
    const under = new Set(this.#inFlight.flatMap(({ names }) => names));
    return resources.filter(({ name }) => this.forced.has(name) || !under.has(name));
  }

  /** Whether a response was not acknowledged yet, and not so long ago that nobody will. */
  isPending(now: number): boolean {
    const last = this.#inFlight.at(-1);
    return last !== undefined && now - last.sentAt < ACK_TIMEOUT;
  }

  /** When the last response no longer holds back the next; undefined when none does. */
  heldUntil(now: number): number | undefined {
    const last = this.#inFlight.at(-1);
    if (last === undefined) return undefined;
    const until = last.sentAt + (this.type === 'endpoint' ? ENDPOINT_HOLD : ACK_TIMEOUT);
    return until > now ? until : undefined;
  }

  /** Notes that `response` was sent in that frame. */
  sent(response: Response, { nonce, names }: Frame, now: number): void {
    const { version, fresh, before, since } = response;
    this.nonce = nonce;
    this.#sentVersion = version;
    this.#inFlight.push({ nonce, version, names, fresh, before, sentAt: now, since });
    // Whoever never acknowledges must not fill the memory.
    if (this.#inFlight.length > 100) this.#inFlight.shift();
  }

  /** Reads a request's nonce and error: whether it judges a response that was in flight. */
  protected judge(
    nonce: string,
    error: { readonly message?: string | null } | null | undefined,
    now: number,
  ): Verdict | undefined {
    const at = this.#inFlight.findIndex((response) => response.nonce === nonce);
    const response = this.#inFlight[at];
    if (response === undefined) return undefined;
    this.#inFlight.splice(0, at + 1);
    // A NACK is known by the error alone: some clients advance the version all the same.
    if (error !== null && error !== undefined) {
      const message = error.message ?? '';
      this.refusals.add(response, message, now);
      this.#lastNack = { at: now, message, version: response.version };
      return { type: 'nacked', response, message };
    }
    this.refusals.settle(response, (name) => this.isServed(name));
    this.#acked = { version: response.version, at: now };
    return { type: 'acked', response };
  }

  /** The oldest revision of which the stream has not applied everything; undefined: none. */
  get lacking(): number | undefined {
    if (this.#inFlight.length === 0 && this.dirty.size === 0 && !this.refusals.any)
      return undefined;
    this.refusals.prune((name) => this.isServed(name));
    let oldest = this.refusals.since ?? Number.POSITIVE_INFINITY;
    for (const { since } of this.#inFlight)
      if (since !== undefined) oldest = Math.min(oldest, since);
    for (const since of this.dirty.values()) oldest = Math.min(oldest, since);
    return Number.isFinite(oldest) ? oldest : undefined;
  }

  /** What is known of it, for people. */
  status(): TypeStatus {
    this.refusals.prune((name) => this.isServed(name));
    const waiting = this.#inFlight.length > 0 || this.dirty.size > 0;
    return {
      typeUrl: this.typeUrl,
      wildcard: this.asked.wildcard,
      subscribed: this.asked.names.size,
      sentVersion: this.#sentVersion,
      sentNonce: this.nonce,
      ackedVersion: this.#acked?.version,
      ackedAt: this.#acked?.at,
      lastNack: this.#lastNack,
      state: waiting ? 'pending' : this.refusals.any ? 'rejected' : 'synced',
    };
  }

  /** What it rejects in the version that is served. */
  refused(): RefusedResource[] {
    const { typeUrl } = this;
    const served = (name: string) => (this.covers(name) ? this.view.get(name)?.version : undefined);
    return this.refusals.current(served).map((refused) => ({ typeUrl, ...refused }));
  }

  /** What is known of each resource that it was sent, or asked for by name; `only` of these. */
  resources(only?: readonly string[]): ResourceStatus[] {
    const under = new Map(
      this.#inFlight.flatMap(({ names, sentAt }) => names.map((name) => [name, sentAt] as const)),
    );
    const known = (name: string) =>
      this.asked.names.has(name) || this.versionSent(name) !== undefined;
    const names = only?.filter(known) ?? new Set([...this.sentNames(), ...this.asked.names]);
    return [...names].map((name): ResourceStatus => {
      const version = this.versionSent(name) ?? '';
      const refusal = this.refusals.of(name);
      const served = this.covers(name) ? this.view.get(name) : undefined;
      const resource = { typeUrl: this.typeUrl, name, version, served };
      const sentAt = under.get(name);
      if (sentAt !== undefined) return { ...resource, state: 'requested', sentAt };
      if (refusal !== undefined) return { ...resource, ...refusal, state: 'nacked' };
      if (version !== '') return { ...resource, state: 'acked' };
      if (served === undefined) return { ...resource, state: 'missing' };
      return { ...resource, state: 'requested', sentAt };
    });
  }
}
