import { inPanic, type LevelHealth, PANIC_THRESHOLD } from './panic.ts';

/** What {@link priorityLoads} goes by. */
export interface PriorityOptions {
  /**
   * In percent: a priority takes all of its load until fewer than 100/overprovisioning of its endpoints
   * are healthy. Default 140 (Envoy's): 71 %.
   */
  readonly overprovisioning?: number;
  /** In percent. Default 50. */
  readonly panicThreshold?: number;
}

/** What becomes of a priority. */
export interface PriorityLoad {
  /** Its share of the requests, in percent. All priorities' together are 100. */
  readonly load: number;
  /** Its requests go to all of its endpoints, healthy or not. */
  readonly panic: boolean;
}

/**
 * How requests are shared among priorities, the first first: Envoy's
 * `LoadBalancerBase::recalculatePerPriorityState` and `recalculatePerPriorityPanic`, in its whole
 * percents, without its degraded endpoints. Each takes as much as its healthy endpoints are good for;
 * what nobody is good for goes by their shares; panic is only when all of them together are not good for
 * everything. When all panic, load goes by the number of endpoints.
 */
export function priorityLoads(
  levels: readonly LevelHealth[],
  { overprovisioning = 140, panicThreshold = PANIC_THRESHOLD }: PriorityOptions = {},
): PriorityLoad[] {
  const health = levels.map(({ healthy, all }) =>
    all === 0 ? 0 : Math.min(100, Math.floor((overprovisioning * healthy) / all)),
  );
  const total = Math.min(100, sum(health));
  const panic = levels.map((level) => total < 100 && inPanic(level, panicThreshold));
  const loads = panic.every(Boolean)
    ? shared(levels.map(({ all }) => all))
    : distributed(health, total);
  return levels.map((_, i) => ({ load: loads[i]!, panic: panic[i]! }));
}

/** As much to each as it is good for, from the first on; what rounding leaves to the first of them. */
function distributed(health: readonly number[], total: number): number[] {
  if (total === 0) return health.map((_, i) => (i === 0 ? 100 : 0));
  let left = 100;
  const loads = health.map((percent) => {
    const load = Math.min(left, Math.floor((percent * 100) / total));
    left -= load;
    return load;
  });
  loads[health.findIndex((percent) => percent > 0)]! += left;
  return loads;
}

function shared(counts: readonly number[]): number[] {
  const all = sum(counts);
  if (all === 0) return counts.map((_, i) => (i === 0 ? 100 : 0));
  const loads = counts.map((count) => Math.floor((100 * count) / all));
  loads[counts.findIndex((count) => count > 0)]! += 100 - sum(loads);
  return loads;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
