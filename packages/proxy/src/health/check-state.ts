/** What a check has found. */
export type ProbeResult =
  | { readonly type: 'success' }
  | {
      readonly type: 'failure';
      /**
       * `answered`: an answer that is not as it has to be, for which there is no excuse.
       * `unreachable`: none, or not in time, or one that may be asked for again.
       */
      readonly kind: 'answered' | 'unreachable';
      /** One clause, for people. */
      readonly detail: string;
    };

/** What checks know of an endpoint. */
export type CheckState =
  | { readonly type: 'unchecked' }
  | { readonly type: 'passing'; readonly failures: number }
  | { readonly type: 'failing'; readonly successes: number };

/** How many in a row change a state. */
export interface CheckThresholds {
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

const PASSING: CheckState = { type: 'passing', failures: 0 };
const FAILING: CheckState = { type: 'failing', successes: 0 };

/**
 * Envoy's `HealthCheckerImplBase`: the first check decides; afterwards so many in a row as the
 * thresholds say, but that an answer which is wrong makes an endpoint unhealthy at once.
 */
export function afterCheck(
  state: CheckState,
  result: ProbeResult,
  { unhealthyThreshold, healthyThreshold }: CheckThresholds,
): CheckState {
  if (result.type === 'success') {
    if (state.type !== 'failing' || state.successes + 1 >= healthyThreshold) return PASSING;
    return { type: 'failing', successes: state.successes + 1 };
  }
  if (state.type !== 'passing' || result.kind === 'answered') return FAILING;
  const failures = state.failures + 1;
  return failures >= unhealthyThreshold ? FAILING : { type: 'passing', failures };
}
