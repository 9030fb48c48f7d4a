import type { EjectionReason, OutlierOptions } from './outlier-options.ts';

/** An endpoint's requests of one interval. */
export interface Volume {
  total: number;
  successes: number;
}

/** Which of the endpoints' origins of failure is judged. */
export type FailureOrigin = 'external' | 'local';

/**
 * The success, in percent, below which an endpoint is an outlier: the mean less so many standard
 * deviations. {50, 100, 100, 100, 100} gives 52 at 1,900.
 */
export function successThreshold(rates: readonly number[], stdevFactor: number): number {
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return mean - (stdevFactor / 1000) * Math.sqrt(variance);
}

/**
 * Whom an interval's successes eject, and why: Envoy's `processSuccessRateEjections`. `volumes` are of
 * those who are not ejected; `hosts` is the number of all.
 */
export function unsuccessful<K>(
  volumes: ReadonlyMap<K, Volume>,
  hosts: number,
  origin: FailureOrigin,
  options: OutlierOptions,
): { readonly key: K; readonly reason: EjectionReason }[] {
  const { successRateMinHosts, failurePercentageMinHosts } = options;
  if (hosts < successRateMinHosts && hosts < failurePercentageMinHosts) return [];
  const rates = (volume: number) =>
    [...volumes]
      .filter(([, { total }]) => total > 0 && total >= volume)
      .map(([key, { total, successes }]) => ({ key, rate: (successes * 100) / total }));
  const found: { readonly key: K; readonly reason: EjectionReason }[] = [];
  const compared = rates(options.successRateVolume);
  if (compared.length > 0 && compared.length >= successRateMinHosts) {
    const threshold = successThreshold(
      compared.map(({ rate }) => rate),
      options.successRateStdevFactor,
    );
    const reason = origin === 'local' ? 'local-origin-success-rate' : 'success-rate';
    for (const { key, rate } of compared) if (rate < threshold) found.push({ key, reason });
  }
  const judged = rates(options.failurePercentageVolume);
  if (judged.length > 0 && judged.length >= failurePercentageMinHosts) {
    const reason = origin === 'local' ? 'local-origin-failure-percentage' : 'failure-percentage';
    for (const { key, rate } of judged) {
      if (100 - rate >= options.failurePercentageThreshold) found.push({ key, reason });
    }
  }
  return found;
}
