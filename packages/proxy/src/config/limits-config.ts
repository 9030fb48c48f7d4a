import type { CircuitBreakerOptions } from '@meshkeeper/mesh';
import type { CircuitBreakers } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** `config.cluster.v3.CircuitBreakers`: those of the default priority, which all routes have here. */
export function parseLimits(
  message: CircuitBreakers | null | undefined,
  problems: Problems,
): CircuitBreakerOptions {
  const index = (message?.thresholds ?? []).findIndex(({ priority }) => !priority);
  const limits = message?.thresholds?.[index];
  const at = problems.at(`thresholds[${index}]`);
  at.unsupported('max_connection_pools', limits?.maxConnectionPools);
  const budget = limits?.retryBudget;
  return {
    connections: limits?.maxConnections?.value ?? 1024,
    pending: limits?.maxPendingRequests?.value ?? 1024,
    requests: limits?.maxRequests?.value ?? 1024,
    retries: limits?.maxRetries?.value ?? 3,
    ...(budget && {
      retryShare: {
        percent: budget.budgetPercent?.value ?? 20,
        minConcurrency: budget.minRetryConcurrency?.value ?? 3,
      },
    }),
  };
}
