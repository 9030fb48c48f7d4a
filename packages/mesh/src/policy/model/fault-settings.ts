import type { PolicyOrigin } from '../stated.ts';
import type { FieldMatch } from './request-match.ts';

/** Failures on purpose. Shares in percent. */
export interface FaultSettings {
  readonly origin: PolicyOrigin;
  /** Only of requests with these headers. */
  readonly headers: readonly FieldMatch[];
  readonly delay?: { readonly duration: number; readonly percent: number };
  readonly abort?: {
    readonly httpStatus?: number;
    readonly grpcStatus?: number;
    readonly percent: number;
  };
  readonly responseRate?: { readonly kibibytesPerSecond: number; readonly percent: number };
  /** Faults at once. */
  readonly maxActive?: number;
}
