import type { PolicyOrigin } from '../stated.ts';
import type { HeaderValue } from './headers.ts';
import type { FieldMatch } from './request-match.ts';

/** A bucket of tokens, one a request. */
export interface RequestLimit {
  /** Which requests it counts: all of it fits. */
  readonly pathPrefix?: string;
  readonly method?: string;
  readonly headers: readonly FieldMatch[];
  /** Tokens that are put into it… */
  readonly requests: number;
  /** …in so many milliseconds, … */
  readonly per: number;
  /** …and that it holds at most. */
  readonly burst: number;
}

/** How many requests may come, counted by each data plane for itself. Each limit that fits counts. */
export interface RateLimitSettings {
  readonly origin: PolicyOrigin;
  readonly limits: readonly RequestLimit[];
  /** Each connection has its own. */
  readonly perConnection: boolean;
  readonly response: { readonly status: number; readonly headers: readonly HeaderValue[] };
  /** Only counts. */
  readonly shadow: boolean;
}
