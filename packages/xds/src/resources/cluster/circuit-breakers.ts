import type { EffectivePolicy, ServiceSettings } from '@meshkeeper/mesh';
import type { CircuitBreakers } from '../../codec/messages.ts';

/**
 * With half of the instances killed every second request is sent again: Envoy's three retries at a
 * time would let the others fail. As many as there may be requests.
 */
const DEFAULT: CircuitBreakers = { thresholds: [{ maxRetries: { value: 1024 } }] };

/** The limits to what a service is sent at once. */
export function circuitBreakers(
  settings: ServiceSettings | undefined,
  { retries: tries }: EffectivePolicy,
): CircuitBreakers {
  const limits = settings?.circuitBreaker;
  const retries = tries?.value;
  if (limits === undefined && retries === undefined) return DEFAULT;
  const budget = retries?.budget;
  return {
    thresholds: [
      {
        ...(limits === undefined
          ? {}
          : {
              maxConnections: { value: limits.maxConnections },
              maxPendingRequests: { value: limits.maxPendingRequests },
              maxRequests: { value: limits.maxRequests },
            }),
        maxRetries: { value: limits?.maxRetries ?? 1024 },
        // Goes before the number.
        ...(budget === undefined
          ? {}
          : {
              retryBudget: {
                budgetPercent: { value: budget.percent },
                minRetryConcurrency: { value: budget.minConcurrency },
              },
            }),
      },
    ],
  };
}
