import type { FailureOrigin, Volume } from './success-rate.ts';

/** What becomes of an endpoint that is watched. */
export type Standing =
  | { readonly type: 'in' }
  /** Until the first interval's end after `until`. */
  | { readonly type: 'ejected'; readonly until: number };

/** What is known of an endpoint's failures. */
export class OutlierRecord {
  standing: Standing = { type: 'in' };
  serverErrors = 0;
  gatewayErrors = 0;
  localFailures = 0;
  /** By which the next ejection's time is multiplied. */
  backOff = 0;
  /** When the last ejection ended. */
  returned: number | undefined;
  /** The requests of this interval. */
  volumes: Readonly<Record<FailureOrigin, Volume>> = volumes();

  /** True when the end of an interval would change nothing. */
  get calm(): boolean {
    const { external, local } = this.volumes;
    if (this.standing.type === 'ejected' || this.backOff > 0) return false;
    return external.total === 0 && local.total === 0;
  }

  /** Ends the interval; gives its requests. */
  takeVolumes(): Readonly<Record<FailureOrigin, Volume>> {
    const taken = this.volumes;
    this.volumes = volumes();
    return taken;
  }

  /** The ejection is over. Few new failures shall not be enough for the next. */
  back(now: number): void {
    this.standing = { type: 'in' };
    this.returned = now;
    this.serverErrors = 0;
    this.gatewayErrors = 0;
    this.localFailures = 0;
  }
}

function volumes(): Record<FailureOrigin, Volume> {
  return { external: { total: 0, successes: 0 }, local: { total: 0, successes: 0 } };
}
