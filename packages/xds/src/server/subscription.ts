import { type ResourceType, resourceTypeOf } from '../codec/resource-type.ts';
import type { Resource } from '../resources/resource.ts';
import type { ResourceView } from '../resources/resource-set.ts';
import type { TypeStatus } from './proxy-status.ts';
import type { InFlight, Response } from './response.ts';

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

/**
 * One type on one stream: what it subscribed to, what it was sent, what it said of it. The two
 * variants of the protocol extend it. No sockets and no timers: `now` is given.
 */
export abstract class Subscription {
  readonly typeUrl: string;
  /** Undefined for a type of which nothing is ever served. */
  readonly type: ResourceType | undefined;
  protected readonly view: ResourceView;
  protected readonly names = new Set<string>();
  protected wildcard = false;
  /** Names of which the stream may not have what it should. */
  protected readonly dirty = new Set<string>();
  /** Names to be sent although the version is the same. */
  protected readonly forced = new Set<string>();
  /** A request waits for a response, which may be empty. */
  protected owed = false;
  /** Nonce of the last response. */
  nonce = '';
  #inFlight: InFlight[] = [];
  #sentVersion = '';
  #acked: { readonly version: string; readonly at: number } | undefined;
  #lastNack: TypeStatus['lastNack'];
  #rejected = false;

  constructor(typeUrl: string, view: ResourceView) {
    this.typeUrl = typeUrl;
    this.type = resourceTypeOf(typeUrl);
    this.view = view;
  }

  /** Whether a request is owed a response: that is not held back by one in flight. */
  get isOwed(): boolean {
    return this.owed || this.forced.size > 0;
  }

  /** Notes that these resources were added, replaced or removed. */
  changed(names: Iterable<string>): void {
    for (const name of names) if (this.covers(name)) this.dirty.add(name);
  }

  /** Sends these again, where it covers them and they exist. */
  resend(names: Iterable<string>): void {
    for (const name of names) {
      if (!this.covers(name) || this.view.get(name) === undefined) continue;
      this.dirty.add(name);
      this.forced.add(name);
    }
  }

  /** Adds and replaces; removals wait for {@link removal}. Undefined when there is nothing to send. */
  abstract upsert(): Response | undefined;

  /** Removes. Undefined when there is nothing to remove. */
  abstract removal(): Response | undefined;

  /** Whether {@link upsert} would send something. */
  abstract get hasUpserts(): boolean;

  protected abstract versionSent(name: string): string | undefined;

  protected covers(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }

  /** The difference among the dirty names; those without any are cleaned. */
  protected difference(): Difference {
    const upserts: Resource[] = [];
    const missing: string[] = [];
    const gone: string[] = [];
    for (const name of this.dirty) {
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

  protected cleanAllBut(names: readonly string[]): void {
    this.dirty.clear();
    this.forced.clear();
    for (const name of names) this.dirty.add(name);
  }

  /** Whether a response was not acknowledged yet, and not so long ago that nobody will. */
  isPending(now: number): boolean {
    const last = this.#inFlight.at(-1);
    return last !== undefined && now - last.sentAt < ACK_TIMEOUT;
  }

  /** Notes that `response` was sent under that nonce. */
  sent(response: Response, nonce: string, now: number): void {
    const names = [...response.resources.map(({ name }) => name), ...response.removed];
    this.nonce = nonce;
    this.#sentVersion = response.version;
    this.#inFlight.push({ nonce, version: response.version, names, sentAt: now });
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
    this.#rejected = error !== null && error !== undefined;
    if (this.#rejected) {
      const message = error?.message ?? '';
      this.#lastNack = { at: now, message, version: response.version };
      return { type: 'nacked', response, message };
    }
    this.#acked = { version: response.version, at: now };
    return { type: 'acked', response };
  }

  /** What is known of it, for people. */
  status(): TypeStatus {
    const waiting = this.#inFlight.length > 0 || this.dirty.size > 0;
    return {
      typeUrl: this.typeUrl,
      wildcard: this.wildcard,
      subscribed: this.names.size,
      sentVersion: this.#sentVersion,
      sentNonce: this.nonce,
      ackedVersion: this.#acked?.version,
      ackedAt: this.#acked?.at,
      lastNack: this.#lastNack,
      state: waiting ? 'pending' : this.#rejected ? 'rejected' : 'synced',
    };
  }
}
