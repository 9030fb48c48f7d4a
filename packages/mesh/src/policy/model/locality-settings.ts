/** Somewhere, as far as it is stated. */
export interface Place {
  readonly region?: string;
  readonly zone?: string;
  readonly subzone?: string;
}

/** How near an endpoint is to a caller. */
export type Nearness = 'subzone' | 'zone' | 'region' | 'anywhere';

/** Which endpoints come first by where they are. */
export type LocalitySettings =
  /** Wherever they are. */
  | { readonly mode: 'none' }
  /** The caller's own zone, as far as every endpoint keeps the same load. */
  | { readonly mode: 'zone-aware'; readonly minEndpoints: number }
  /** By weights; localities that are not named take nothing. */
  | {
      readonly mode: 'weighted';
      readonly weights: readonly (Place & { readonly weight: number })[];
    }
  /** Priorities by nearness to the caller. */
  | {
      readonly mode: 'failover';
      readonly order: readonly Nearness[];
      /** Which regions take over from which, before `anywhere`. */
      readonly regions: readonly { readonly from: string; readonly to: readonly string[] }[];
      /** Percent; 140 spills over below 71 % of fit endpoints. */
      readonly overprovisioning: number;
    }
  /** Priorities that are the same for all callers; endpoints that none names come last. */
  | {
      readonly mode: 'priorities';
      readonly priorities: readonly (Place & { readonly subset?: string })[];
      readonly overprovisioning: number;
    };
