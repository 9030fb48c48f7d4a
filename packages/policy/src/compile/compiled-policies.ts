import type {
  FaultSettings,
  GatewaySettings,
  Policies,
  RateLimitSettings,
  ServiceRoutes,
  ServiceSettings,
  TrafficRule,
} from '@meshkeeper/mesh';
import { rulesByHost } from './hosts.ts';
import type { AddedRules } from './service-routes.ts';
import { share, shareNamed } from './share.ts';
import { type Target, Targeted } from './targeted.ts';

/** All that policies say, as data: what is by policy is in order of their ids. */
export interface Parts {
  readonly routes: ReadonlyMap<string, ServiceRoutes>;
  readonly added: readonly AddedRules[];
  readonly gateways: readonly GatewaySettings[];
  readonly settings: ReadonlyMap<string, Target<ServiceSettings>>;
  readonly faults: ReadonlyMap<string, Target<FaultSettings>>;
  readonly rateLimits: ReadonlyMap<string, Target<readonly RateLimitSettings[]>>;
}

const NO_LIMITS: readonly RateLimitSettings[] = [];

/** What policies compile to: their parts, looked up by name. */
export class CompiledPolicies implements Policies {
  readonly #parts: Parts;
  readonly #settings: Targeted<ServiceSettings>;
  readonly #faults: Targeted<FaultSettings>;
  readonly #rateLimits: Targeted<readonly RateLimitSettings[]>;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#settings = new Targeted(parts.settings);
    this.#faults = new Targeted(parts.faults);
    this.#rateLimits = new Targeted(parts.rateLimits);
  }

  /** Of these parts; what is as it was before is the same object, all of it where nothing differs. */
  static of(parts: Parts, before?: Policies): CompiledPolicies {
    if (!(before instanceof CompiledPolicies)) return new CompiledPolicies(parts);
    const old = before.#parts;
    const now: Parts = {
      routes: share(old.routes, parts.routes),
      added: share(old.added, parts.added),
      gateways: shareNamed(old.gateways, parts.gateways, shareGateway),
      settings: share(old.settings, parts.settings),
      faults: share(old.faults, parts.faults),
      rateLimits: share(old.rateLimits, parts.rateLimits),
    };
    const isSame = (Object.keys(now) as (keyof Parts)[]).every((part) => now[part] === old[part]);
    return isSame ? before : new CompiledPolicies(now);
  }

  get routes(): ReadonlyMap<string, ServiceRoutes> {
    return this.#parts.routes;
  }

  addedHosts(sees: (service: string) => boolean): ReadonlyMap<string, readonly TrafficRule[]> {
    return rulesByHost(this.#parts.added.filter(({ services }) => services.some(sees)));
  }

  get gateways(): readonly GatewaySettings[] {
    return this.#parts.gateways;
  }

  settings(service: string): ServiceSettings | undefined {
    return this.#settings.get(service);
  }

  fault(service: string): FaultSettings | undefined {
    return this.#faults.get(service);
  }

  rateLimits(service: string): readonly RateLimitSettings[] {
    return this.#rateLimits.get(service) ?? NO_LIMITS;
  }
}

/** A listener is the same when it stands elsewhere in its gateway, too. */
function shareGateway(before: GatewaySettings | undefined, now: GatewaySettings): GatewaySettings {
  if (before === undefined) return now;
  const listeners = shareNamed(before.listeners, now.listeners);
  const origin = share(before.origin, now.origin);
  const isSame = listeners === before.listeners && origin === before.origin;
  return isSame ? before : { ...now, origin, listeners };
}
