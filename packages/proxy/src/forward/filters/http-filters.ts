import type { FilterPolicy, RouteFilters } from '../../config/filters/filter-config.ts';
import type { HttpFilter } from '../../config/http-manager.ts';
import { applyCors } from './cors.ts';
import { applyFault, type FaultState } from './fault.ts';
import type { FilterPass, FilterResult } from './filter-pass.ts';
import { applyRateLimit } from './rate-limit.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** What filters share with those of other listeners. */
export interface FilterEnvironment {
  readonly limiter: RateLimiter;
  /** `node.cluster` of this proxy. */
  readonly source: string;
}

/** One filter with what it does to the requests of a route. */
export interface ActiveFilter {
  readonly policy: FilterPolicy;
  readonly faults: FaultState;
}

const NONE: RouteFilters = new Map();

/** The filters of a listener at work. */
export class HttpFilters {
  readonly #filters: readonly (HttpFilter & { readonly faults: FaultState })[];
  readonly #environment: FilterEnvironment;
  /** Where routes say nothing. */
  readonly #general: readonly ActiveFilter[] | undefined;
  /** By what routes say, which is the same object for as long as it is the same. */
  readonly #active = new WeakMap<RouteFilters, readonly ActiveFilter[]>();

  constructor(filters: readonly HttpFilter[], environment: FilterEnvironment) {
    this.#filters = filters.map((filter) => ({ ...filter, faults: { active: 0 } }));
    this.#environment = environment;
    this.#general = this.activeFor(NONE);
  }

  /** Those that have something to do for a route, in their order; undefined for none. */
  activeFor(route: RouteFilters | undefined): readonly ActiveFilter[] | undefined {
    if (!route) return this.#general;
    let active = this.#active.get(route);
    if (!active) {
      active = this.#filters.flatMap(({ name, policy: general, faults }) => {
        const policy = route.has(name) ? route.get(name) : general;
        return policy ? [{ policy, faults }] : [];
      });
      this.#active.set(route, active);
    }
    return active.length > 0 ? active : undefined;
  }

  /** What one of them wants done with a request. */
  apply({ policy, faults }: ActiveFilter, pass: FilterPass): FilterResult {
    switch (policy.type) {
      case 'cors':
        return applyCors(policy, pass);
      case 'fault':
        return applyFault(policy, pass, faults);
      case 'rate-limit': {
        const { limiter, source } = this.#environment;
        return applyRateLimit(policy, pass, limiter, source);
      }
    }
  }
}
