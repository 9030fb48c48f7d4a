import type { RateLimitSettings, RequestLimit } from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import {
  type Any,
  DenominatorType,
  HeaderAppendAction,
  type HeaderMatcher,
  LocalRateLimit,
  type RateLimit,
} from '../../codec/messages.ts';
import { headerText } from './headers.ts';
import { exact, headerMatcher, withoutSlash } from './match.ts';
import { escaped } from './path-change.ts';

const NAME = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
/** Policies of which one virtual host can have the limits. */
export const RATE_LIMIT_SLOTS = 4;
const ALL = { defaultValue: { numerator: 100, denominator: DenominatorType.HUNDRED } };
const NONE = { defaultValue: { numerator: 0, denominator: DenominatorType.HUNDRED } };
/** Milliseconds; Envoy refuses less. */
const SHORTEST_FILL = 50;
/** What Envoy wants beside the limits; of no effect. */
const ENOUGH = {
  maxTokens: 0xffff_ffff,
  tokensPerFill: { value: 0xffff_ffff },
  fillInterval: duration(1000),
};

/** The name of a slot's filter. */
export function rateLimitFilter(slot: number): string {
  return `meshkeeper.rate_limit.${slot}`;
}

/** A slot's filter as it is where no virtual host says more: it does nothing. */
export function noRateLimit(slot: number): Any {
  return pack(NAME, LocalRateLimit, { statPrefix: 'rate_limit', stage: slot });
}

/**
 * The limits of a virtual host. The buckets are the virtual host's, so that all of its routes share
 * them: each policy has a filter of its own, a slot, and a route says which limits of which slot
 * count its requests.
 */
export class RateLimitSlots {
  readonly #slots: RateLimitSettings[] = [];
  readonly #left: RateLimitSettings[] = [];

  /** What a route says, of the policies whose limits count its requests. */
  limits(policies: readonly RateLimitSettings[]): RateLimit[] {
    return policies.flatMap((policy) => {
      const slot = this.#slotOf(policy);
      if (slot === undefined) return [];
      return policy.limits.map((limit, index) => ({
        stage: { value: slot },
        actions: [action(limit, String(index))],
      }));
    });
  }

  /** The policies for which there was no slot. */
  get left(): readonly RateLimitSettings[] {
    return this.#left;
  }

  /** What the virtual host says, by filter. */
  configs(): Record<string, Any> {
    const entries = this.#slots.map((policy, slot) => [
      rateLimitFilter(slot),
      config(policy, slot),
    ]);
    return Object.fromEntries(entries);
  }

  #slotOf(policy: RateLimitSettings): number | undefined {
    const at = this.#slots.indexOf(policy);
    if (at !== -1) return at;
    if (this.#slots.length === RATE_LIMIT_SLOTS) {
      if (!this.#left.includes(policy)) this.#left.push(policy);
      return undefined;
    }
    return this.#slots.push(policy) - 1;
  }
}

function config(
  { origin, limits, response, shadow, perConnection }: RateLimitSettings,
  slot: number,
) {
  return pack(NAME, LocalRateLimit, {
    statPrefix: origin.path,
    status: { code: response.status },
    stage: slot,
    tokenBucket: ENOUGH,
    alwaysConsumeDefaultTokenBucket: { value: false },
    filterEnabled: ALL,
    filterEnforced: shadow ? NONE : ALL,
    rateLimitedAsResourceExhausted: true,
    localRateLimitPerDownstreamConnection: perConnection,
    responseHeadersToAdd: response.headers.map(({ name: key, value }) => ({
      header: { key, value: headerText(value) },
      appendAction: HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    })),
    descriptors: limits.map(({ requests, per, burst }, index) => ({
      entries: [{ key: 'limit', value: String(index) }],
      tokenBucket: bucket(requests, per, burst),
    })),
  });
}

/** Of a burst that is less than the requests, several fills make up what comes in the time. */
function bucket(requests: number, per: number, burst: number) {
  const interval = Math.max(SHORTEST_FILL, burst < requests ? (per * burst) / requests : per);
  const tokens = Math.max(1, Math.round((requests * interval) / per));
  return {
    maxTokens: Math.max(burst, tokens),
    tokensPerFill: { value: tokens },
    fillInterval: duration(interval),
  };
}

function action(limit: RequestLimit, descriptorValue: string) {
  const headers = matchers(limit);
  const descriptorKey = 'limit';
  if (headers.length === 0) return { genericKey: { descriptorKey, descriptorValue } };
  return { headerValueMatch: { descriptorKey, descriptorValue, headers } };
}

function matchers({ pathPrefix, method, headers }: RequestLimit): HeaderMatcher[] {
  const prefix = withoutSlash(pathPrefix ?? '');
  return [
    ...(method === undefined ? [] : [exact(':method', method)]),
    ...(prefix === '' ? [] : [path(prefix)]),
    ...headers.map(headerMatcher),
  ];
}

/** By whole parts, whatever the query. */
function path(prefix: string): HeaderMatcher {
  const regex = `${escaped(prefix)}([/?].*)?`;
  return { name: ':path', stringMatch: { safeRegex: { regex } } };
}
