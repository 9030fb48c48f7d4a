import {
  type EffectivePolicy,
  effective,
  type Policies,
  type Service,
  type ServiceSettings,
  type Target,
} from '@meshkeeper/mesh';
import { clusterName, partsOf } from '../endpoint/parts.ts';
import type { Flavour } from '../flavour.ts';

/** The services that a route may lead to. */
export interface Services {
  get(name: string): Service | undefined;
}

/** Where a target leads. */
export interface Destination {
  /** The cluster's name, also of one that there isn't. */
  readonly cluster: string;
  /** Undefined when there is no such service, or no such subset of it. */
  readonly service: Service | undefined;
  readonly settings: ServiceSettings | undefined;
  /** What holds of how requests are sent to it; undefined of no service. */
  readonly policy: EffectivePolicy | undefined;
}

/**
 * What routes are made of. It remembers what was read, so that what was made of it is made anew only
 * when that has changed.
 */
export class RouteContext {
  readonly flavour: Flavour;
  readonly policies: Policies;
  readonly #services: Services;
  readonly #read = new Map<string, unknown>();

  constructor(flavour: Flavour, policies: Policies, services: Services) {
    this.flavour = flavour;
    this.policies = policies;
    this.#services = services;
  }

  /** Where a target leads. */
  destination(target: Target): Destination {
    const { service: name } = target;
    const cluster = clusterName(target);
    const service = this.#services.get(name);
    // Endpoints are no concern of a route.
    this.#note(`protocol ${name}`, service?.protocol);
    const policy = this.#note(`policy ${name}`, service && effective(service, this.policies));
    const settings = this.settings(name);
    const known =
      service !== undefined && partsOf(service, settings).some((part) => part.name === cluster);
    return { cluster, service: known ? service : undefined, settings, policy };
  }

  settings(service: string): ServiceSettings | undefined {
    return this.#note(`settings ${service}`, this.policies.settings(service));
  }

  fault(service: string): ReturnType<Policies['fault']> {
    return this.#note(`fault ${service}`, this.policies.fault(service));
  }

  rateLimits(service: string): ReturnType<Policies['rateLimits']> {
    return this.#note(`limits ${service}`, this.policies.rateLimits(service));
  }

  /** Whether all that was read here is the same there. */
  isSameIn(other: RouteContext): boolean {
    for (const [key, value] of this.#read) if (other.#value(key) !== value) return false;
    return true;
  }

  #note<T>(key: string, value: T): T {
    this.#read.set(key, value);
    return value;
  }

  #value(key: string): unknown {
    const space = key.indexOf(' ');
    const name = key.slice(space + 1);
    switch (key.slice(0, space)) {
      case 'protocol':
        return this.#services.get(name)?.protocol;
      case 'policy': {
        const service = this.#services.get(name);
        return service && effective(service, this.policies);
      }
      case 'settings':
        return this.policies.settings(name);
      case 'fault':
        return this.policies.fault(name);
      default:
        return this.policies.rateLimits(name);
    }
  }
}
