/** Which requests a fault is for. What isn't said is any. */
export interface RequestMatch {
  /** As rules of access name it: get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb?: string;
  /** Plural of the resource. */
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What happens to requests. */
export type Fault =
  /** They wait, in milliseconds, before anything is done. */
  | { readonly type: 'delay'; readonly duration: number }
  /** They are answered with an error and not done. `retryAfter`: seconds. */
  | {
      readonly type: 'fail';
      readonly code: number;
      readonly reason?: string;
      readonly retryAfter?: number;
    }
  /** They are done, and the answer never comes: the connection is cut. */
  | { readonly type: 'lose' };

/** How often. */
export interface FaultExtent {
  /** So many requests; then it is over. Default: no end. */
  readonly times?: number;
  /** This share of requests, at random. Default 1. */
  readonly share?: number;
}

/** A request that was made. */
export interface RequestRecord {
  readonly verb: string;
  /** Plural; empty for other addresses. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string;
  readonly path: string;
  readonly query: string;
  readonly user: string;
  /** 0 while it is not answered. */
  status: number;
}

/** The faults that are on. */
export class FaultTable {
  readonly #rules = new Set<{ match: RequestMatch; fault: Fault; left: number; share: number }>();

  /** Until it is disposed. */
  add(match: RequestMatch, fault: Fault, { times = Infinity, share = 1 }: FaultExtent): Disposable {
    const rule = { match, fault, left: times, share };
    this.#rules.add(rule);
    return { [Symbol.dispose]: () => this.#rules.delete(rule) };
  }

  clear(): void {
    this.#rules.clear();
  }

  /** Those that a request meets, once each. */
  meet(request: RequestRecord): readonly Fault[] {
    const met: Fault[] = [];
    for (const rule of this.#rules) {
      if (rule.left <= 0 || !matches(rule.match, request) || Math.random() >= rule.share) continue;
      rule.left -= 1;
      met.push(rule.fault);
    }
    return met;
  }
}

/** Whether a request is one of those. */
export function matches(match: RequestMatch, request: RequestRecord): boolean {
  return (['verb', 'resource', 'namespace', 'name'] as const).every(
    (member) => match[member] === undefined || match[member] === request[member],
  );
}
