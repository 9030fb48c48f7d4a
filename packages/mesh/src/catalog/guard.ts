import type { Endpoint } from '../model/endpoint.ts';
import type { Departure } from '../model/source.ts';
import { addressOf } from './address-index.ts';
import type { Alarm, Held } from './held.ts';

import { takesRequests } from './overlay.ts';
import type { Protection } from './protection.ts';

/** An endpoint that has left, and how. */
export interface Left {
  /** As the sources had it last, without overlays. */
  readonly endpoint: Endpoint;
  readonly departure: Departure;
  readonly at: number;
  /** Until when its source's clients are on their way back; -Infinity if nothing happened to it. */
  readonly recovering: number;
  /** How many of the service took requests before. */
  readonly had: number;
  /** Whether it took requests, and was not deregistered. */
  readonly unexpected: boolean;
}

/** What there is when the guard is asked. */
export interface Present {
  /** What the sources have, without overlays. */
  readonly endpoints: readonly Endpoint[];
  /** The endpoint as the operators want it. */
  readonly overlaid: (endpoint: Endpoint) => Endpoint;
  readonly protection: Protection;
  /** Whether an operator holds the service. */
  readonly hold: boolean;
}

interface Missing {
  readonly left: Left;
  held: Held;
  /** Until when it is waited for before protection is asked at all. */
  wait: number;
}

/**
 * What is kept of one service although its registry lost it. Each endpoint that leaves is first
 * waited for (absorbing, limbo or recovery); when it has not come back it goes, unless it takes part
 * in a mass drop or is the last instance: then it is held until enough others are there, or time is
 * over. Pure.
 */
export class Guard {
  readonly #missing = new Map<string, Missing>();
  /** Who left within the window without being deregistered, and is not back. */
  #left: Left[] = [];
  #deadline = Number.POSITIVE_INFINITY;

  /** An endpoint has left. */
  leave(left: Left, protection: Protection): void {
    const { absorb, limbo, maxHold } = protection;
    const { at, recovering, departure, endpoint } = left;
    // One that takes no requests is not missed meanwhile.
    const lost = departure === 'session-ended' && left.unexpected;
    const wait = at + (lost ? Math.max(limbo, absorb) : absorb);
    const reason = recovering > wait ? 'recovery' : lost ? 'limbo' : 'absorbing';
    const until = Math.min(Math.max(wait, recovering), at + maxHold);
    this.#missing.set(endpoint.id, { left, held: { reason, since: at, until }, wait: until });
    if (left.unexpected) this.#left.push(left);
  }

  /** A source is read anew: its endpoints that are waited for are waited for until `until`. */
  recover(source: string, until: number, { maxHold }: Protection): void {
    for (const missing of this.#missing.values()) {
      const { held, left, wait } = missing;
      const end = Math.min(until, left.at + maxHold);
      if (left.endpoint.origin.registry !== source || end <= wait || isAlarm(held)) continue;
      missing.wait = end;
      missing.held = { reason: 'recovery', since: held.since, until: end };
    }
  }

  /** An operator lets go what is held; what leaves later is protected anew. */
  release(): void {
    this.#missing.clear();
    this.#left = [];
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  /** Decides what is kept. */
  settle(present: Present, now: number): void {
    this.#forget(present.endpoints);
    const { window } = present.protection.massDrop;
    this.#prune(window, now);
    const doubt = this.#doubt(present);
    for (const [id, missing] of this.#missing) {
      const held = decide(missing, doubt, present, now);
      if (held === undefined) this.#missing.delete(id);
      else missing.held = held;
    }
    this.#prune(window, now);
    this.#deadline = this.#next(window);
  }

  /** The endpoints that are kept. */
  *kept(): Generator<Endpoint> {
    for (const { left } of this.#missing.values()) yield left.endpoint;
  }

  get size(): number {
    return this.#missing.size;
  }

  /** True when it knows nothing that a new one doesn't. */
  get idle(): boolean {
    return this.#missing.size === 0 && this.#left.length === 0;
  }

  /** When it is to be asked again; Infinity when nothing is waited for. */
  get deadline(): number {
    return this.#deadline;
  }

  /** The states of the endpoints that are kept, by id. */
  get held(): ReadonlyMap<string, Held> {
    return new Map(Array.from(this.#missing, ([id, { held }]) => [id, held]));
  }

  /** Those that left within the window without being deregistered, kept or not. */
  get left(): readonly Left[] {
    return this.#left;
  }

  /** The alarm that the holds are; undefined when none is. */
  alarm(service: string): Alarm | undefined {
    const alarming = [...this.#missing.values()].map(({ held }) => held).filter(isAlarm);
    const [first] = alarming;
    if (first === undefined) return undefined;
    return {
      service,
      reason: first.reason,
      held: alarming.length,
      since: alarming.reduce((since, held) => Math.min(since, held.since), first.since),
      until: alarming.reduce((until, held) => Math.max(until, held.until), first.until),
    };
  }

  /** Whoever is back, under its id or at its address, never left. */
  #forget(present: readonly Endpoint[]): void {
    if (this.idle) return;
    const ids = new Set<string>();
    const addresses = new Set<string>();
    for (const endpoint of present) {
      ids.add(endpoint.id);
      addresses.add(addressOf(endpoint));
    }
    const back = (endpoint: Endpoint) => ids.has(endpoint.id) || addresses.has(addressOf(endpoint));
    for (const [id, { left }] of this.#missing) if (back(left.endpoint)) this.#missing.delete(id);
    this.#left = this.#left.filter(({ endpoint }) => !back(endpoint));
  }

  /** A mass drop is one event until it is over: those that went first stay part of it. */
  #prune(window: number, now: number): void {
    if (this.#left.length === 0 || this.#holds('mass-drop')) return;
    this.#left = this.#left.filter((left) => left.at + window > now || this.#isMissing(left));
  }

  /** Why the registry is in doubt; undefined when it is not. */
  #doubt({ endpoints, overlaid, protection }: Present): Alarm['reason'] | undefined {
    const { share, minimum } = protection.massDrop;
    let taking = 0;
    for (const endpoint of endpoints) if (takesRequests(overlaid(endpoint))) taking++;
    const had = this.#left.reduce((most, left) => Math.max(most, left.had), 0);
    // Some that are back don't make a mass of few what is left of it: that is over with enough of them.
    const many =
      this.#holds('mass-drop') || (this.#left.length >= minimum && this.#left.length > share * had);
    if (many && taking < (1 - share) * had) return 'mass-drop';
    return protection.lastInstance && taking === 0 ? 'last-instance' : undefined;
  }

  #isMissing(left: Left): boolean {
    return this.#missing.get(left.endpoint.id)?.left === left;
  }

  #holds(reason: Held['reason']): boolean {
    for (const { held } of this.#missing.values()) if (held.reason === reason) return true;
    return false;
  }

  #next(window: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { held } of this.#missing.values()) next = Math.min(next, held.until);
    if (!this.#holds('mass-drop'))
      for (const left of this.#left)
        if (!this.#isMissing(left)) next = Math.min(next, left.at + window);
    return next;
  }
}

/** The state of an endpoint that has not come back; undefined when it goes. */
function decide(
  { left, held, wait }: Missing,
  doubt: Alarm['reason'] | undefined,
  present: Present,
  now: number,
): Held | undefined {
  const { maxHold, limbo } = present.protection;
  const since = left.at;
  if (present.hold) return { reason: 'operator', since, until: Number.POSITIVE_INFINITY };
  const last = since + maxHold;
  if (now >= last) return undefined;
  if (now < wait) return held;
  // Drained, or found unfit, while it was held: nobody misses it.
  if (!left.unexpected || !takesRequests(present.overlaid(left.endpoint))) return undefined;
  if (doubt !== undefined) return { reason: doubt, since, until: last };
  // The service is itself again; what else comes back does so soon.
  if (isAlarm(held)) return { reason: 'limbo', since, until: Math.min(now + limbo, last) };
  return now < held.until ? held : undefined;
}

function isAlarm(held: Held): held is Held & { readonly reason: Alarm['reason'] } {
  return held.reason === 'mass-drop' || held.reason === 'last-instance';
}
