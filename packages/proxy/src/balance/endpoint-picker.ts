import { type Balancer, type PickContext, RoundRobin, type Weighted } from '@meshkeeper/mesh';
import type { Target } from '../config/assignment.ts';

/** The endpoints of one priority. */
interface Level<T> {
  readonly fit: Balancer<T>;
  /** All but those that drain; used in panic. */
  readonly rest: Balancer<T>;
  readonly panic: boolean;
}

/**
 * Chooses among a cluster's endpoints: the first priority that has any, by weighted round robin
 * over those the control plane calls fit; over all of them when too few are fit (Envoy's panic
 * mode); over draining ones only when there is nothing else at all.
 */
export class EndpointPicker<T> {
  readonly #levels: readonly Level<T>[];
  readonly #draining: Balancer<T>;

  /** `panicThreshold` in percent; 0 never panics. `phase` as in {@link RoundRobin}. */
  constructor(
    entries: readonly { readonly item: T; readonly target: Target }[],
    panicThreshold: number,
    phase = 0,
  ) {
    const priorities = new Set(entries.map(({ target }) => target.priority));
    this.#levels = [...priorities]
      .sort((a, b) => a - b)
      .map((priority) => {
        const own = entries.filter(({ target }) => target.priority === priority);
        const fit = own.filter(({ target }) => target.health === 'eligible');
        const rest = own.filter(({ target }) => target.health !== 'draining');
        return {
          fit: new RoundRobin(fit.map(weighted), phase),
          rest: new RoundRobin(rest.map(weighted), phase),
          panic: (fit.length * 100) / own.length < panicThreshold,
        };
      });
    const draining = panicThreshold > 0 ? entries : [];
    this.#draining = new RoundRobin(draining.map(weighted), phase);
  }

  /** The next endpoint that the context accepts. */
  pick(context?: PickContext<T>): T | undefined {
    // A lower priority with fit endpoints comes before panic in a higher one.
    for (const { fit, panic } of this.#levels) {
      const found = panic ? undefined : fit.pick(context);
      if (found !== undefined) return found;
    }
    for (const { rest, panic } of this.#levels) {
      const found = panic ? rest.pick(context) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Any endpoint that the context accepts, draining ones too: for when {@link pick} has none. */
  pickAny(context?: PickContext<T>): T | undefined {
    return this.#draining.pick(context);
  }
}

function weighted<T>({ item, target }: { item: T; target: Target }): Weighted<T> {
  return { item, weight: target.weight };
}
