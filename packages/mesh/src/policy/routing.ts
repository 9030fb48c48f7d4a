import type { Stated } from './stated.ts';
import type { Condition } from './value-match.ts';

/** Something of a request that a condition can ask for. */
export type RequestCondition = Condition & {
  readonly of: /** The method that is called: of gRPC its name without the service. */
    | { readonly type: 'method' }
    /** A header; Dubbo's attachments are carried as such. */
    | { readonly type: 'header'; readonly name: string }
    /** What the caller says of itself: `application`, `host` (its address), `zone`, … */
    | { readonly type: 'caller'; readonly label: string };
};

/** Something of an endpoint that a condition can ask for. */
export type EndpointCondition = Condition & {
  readonly of: /** Its address or its host name. */
    | { readonly type: 'address' }
    | { readonly type: 'port' }
    /** Address and port, `10.0.0.1:80` or `[::1]:80`, or host name and port. */
    | { readonly type: 'authority' }
    | { readonly type: 'metadata'; readonly key: string };
};

/** A subset of a service: the endpoints of which all of the conditions hold. None: all. */
export type EndpointSelector = readonly EndpointCondition[];

/** A subset that takes a share of the requests. */
export interface Destination {
  /** Relative to the others that select something; Gateway API's `backendRefs[].weight`. */
  readonly weight: number;
  readonly selector: EndpointSelector;
}

/** Where requests go whose destinations select nothing; Envoy's `LbSubsetFallbackPolicy`. */
export type Otherwise =
  /** To all that the stage was given. */
  | { readonly type: 'all' }
  /** Nowhere: they fail. */
  | { readonly type: 'none' }
  /** To these, if there are any. */
  | { readonly type: 'select'; readonly selector: EndpointSelector };

/** Where some of the requests go. */
export interface TrafficRoute {
  /** All of them hold; none: of any request. */
  readonly match: readonly RequestCondition[];
  /** One is drawn of those that select something. Empty: the requests are refused. */
  readonly to: readonly Destination[];
  readonly otherwise: Otherwise;
}

/**
 * A step on the way from all endpoints to those that a request may go to. The first of its routes
 * that matches counts; where none does, it leaves what it was given. Stages are passed one after the
 * other, as Dubbo's routers are; Envoy's subset selectors and Gateway API's rules are one each.
 */
export interface RoutingStage extends Stated<readonly TrafficRoute[]> {
  /** For people: `tags`, `condition method=greet => zone=a`. */
  readonly name: string;
}
