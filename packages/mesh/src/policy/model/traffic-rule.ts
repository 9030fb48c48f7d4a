import type { PolicyOrigin } from '../stated.ts';
import type { FaultSettings } from './fault-settings.ts';
import type { HeaderChanges } from './headers.ts';
import type { RateLimitSettings } from './rate-limit-settings.ts';
import type { RequestMatch } from './request-match.ts';

/**
 * The name of no service: a target of a kind that there isn't. Its share fails, as that of a service
 * that isn't there.
 */
export const NOBODY = '';

/** A service, or a subset of it. */
export interface Target {
  readonly service: string;
  readonly subset?: string;
}

/** A target that takes a share of the requests. */
export interface WeightedTarget extends Target {
  readonly weight: number;
  readonly requestHeaders?: HeaderChanges;
  readonly responseHeaders?: HeaderChanges;
}

/** What a path is replaced with. */
export type PathChange =
  | { readonly type: 'full'; readonly value: string }
  /** Of a rule with one match, of type prefix. */
  | { readonly type: 'prefix'; readonly value: string };

/** A copy of requests that goes elsewhere too; its answer is dropped. */
export interface Mirror extends Target {
  /** Of the requests, of a million. */
  readonly millionths: number;
}

/** Cross-origin requests, as browsers ask for them. */
export interface CorsSettings {
  /** `*`, or origins, of which the host may begin with `*.`. */
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

/** What becomes of the requests of a rule. */
export type RuleAction =
  /**
   * By weight. The share of a service or a subset that isn't there fails with 500 (gRPC: UNAVAILABLE);
   * so do all requests where there are no targets, or all weights are 0.
   */
  | { readonly type: 'forward'; readonly to: readonly WeightedTarget[] }
  | {
      readonly type: 'redirect';
      readonly scheme?: 'http' | 'https';
      readonly hostname?: string;
      readonly path?: PathChange;
      /** Not shown where it is the scheme's own; undefined: that of the request's host. */
      readonly port?: number;
      readonly statusCode: number;
    };

/** What is done to the requests that one match fits. */
export interface TrafficRule {
  readonly origin: PolicyOrigin;
  /** Of the rule in its policy, `#0` by its place where it has none. */
  readonly name: string;
  /** Calls of gRPC, of a GRPCRoute. */
  readonly grpc: boolean;
  readonly match: RequestMatch;
  readonly action: RuleAction;
  readonly requestHeaders?: HeaderChanges;
  readonly responseHeaders?: HeaderChanges;
  readonly rewrite?: { readonly hostname?: string; readonly path?: PathChange };
  readonly mirrors: readonly Mirror[];
  readonly cors?: CorsSettings;
  /** Goes before that of the service. */
  readonly fault?: FaultSettings;
  /** Besides those of the service. */
  readonly rateLimits: readonly RateLimitSettings[];
  /** Milliseconds for a request with all of its tries; 0 is no limit. */
  readonly timeout?: number;
  /** Milliseconds for one try; 0 is no limit. */
  readonly perTryTimeout?: number;
  /** Goes before the settings of the service, field by field. */
  readonly retry?: {
    readonly attempts?: number;
    readonly codes?: readonly number[];
    /** Milliseconds. */
    readonly backoff?: number;
  };
}
