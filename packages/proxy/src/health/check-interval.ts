import type { CheckTiming } from '../config/health-check-config.ts';
import type { CheckState } from './check-state.ts';

/**
 * Milliseconds until the next check: Envoy's `HealthCheckerImplBase::interval`. `used`: the cluster has
 * had a connection. `random` is in [0, 1).
 */
export function checkInterval(
  timing: CheckTiming,
  state: CheckState,
  used: boolean,
  random: () => number,
): number {
  const base = baseInterval(timing, state, used);
  const percent = Math.floor((timing.intervalJitterPercent * base) / 100);
  return base + percent * random() + timing.intervalJitter * random();
}

function baseInterval(timing: CheckTiming, state: CheckState, used: boolean): number {
  if (state.type === 'passing') {
    if (!used) return timing.noTrafficHealthyInterval;
    return state.failures > 0 ? timing.healthyEdgeInterval : timing.interval;
  }
  if (!used) return timing.noTrafficInterval;
  const edge = state.type === 'failing' && state.successes > 0;
  return edge ? timing.unhealthyEdgeInterval : timing.unhealthyInterval;
}
