/** The endpoints of a priority, counted. Who drains counts among all. */
export interface LevelHealth {
  readonly healthy: number;
  readonly all: number;
}

/** Envoy's `healthy_panic_threshold`, in percent. */
export const PANIC_THRESHOLD = 50;

/**
 * Envoy's panic: with less than `threshold` percent of a priority's endpoints healthy, the few that are
 * would be overrun, and more likely than not the health checks are wrong: all are used. 0: never.
 */
export function inPanic({ healthy, all }: LevelHealth, threshold: number): boolean {
  return (all === 0 ? 0 : (100 * healthy) / all) < threshold;
}
