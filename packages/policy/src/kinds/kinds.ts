import { type FaultPolicy, faultPolicy } from './fault-policy.ts';
import { type Gateway, gateway } from './gateway.ts';
import { type GRPCRoute, grpcRoute } from './grpc-route.ts';
import { type HTTPRoute, httpRoute } from './http-route.ts';
import { type RateLimitPolicy, rateLimitPolicy } from './rate-limit-policy.ts';
import { type ServicePolicy, servicePolicy } from './service-policy.ts';
import { type TCPRoute, tcpRoute } from './tcp-route.ts';

/** The schema of each kind. One schema gives validation, JSON Schema, types and the reference. */
export const KINDS = {
  HTTPRoute: httpRoute,
  GRPCRoute: grpcRoute,
  TCPRoute: tcpRoute,
  Gateway: gateway,
  ServicePolicy: servicePolicy,
  FaultPolicy: faultPolicy,
  RateLimitPolicy: rateLimitPolicy,
} as const;

/** What operators can write. */
export type PolicyKind = keyof typeof KINDS;

/** The names of all kinds. */
// Object.keys doesn't say that it gives the keys of a constant.
export const POLICY_KINDS = Object.keys(KINDS) as readonly PolicyKind[];

/** Something that an operator has written: complete, with Gateway API's defaults. */
export type Policy =
  | HTTPRoute
  | GRPCRoute
  | TCPRoute
  | Gateway
  | ServicePolicy
  | FaultPolicy
  | RateLimitPolicy;

/** A policy that says where requests go. */
export type Route = HTTPRoute | GRPCRoute | TCPRoute;

/** True of the name of a kind. */
export function isPolicyKind(text: unknown): text is PolicyKind {
  return typeof text === 'string' && Object.hasOwn(KINDS, text);
}

/** The version that a kind is written in: `gateway.networking.k8s.io/v1` or `meshkeeper.io/v1`. */
export function apiVersionOf(kind: PolicyKind): string {
  return KINDS[kind].shape.apiVersion.value;
}

/** Tells a policy from all others: `HTTPRoute/shop`, `HTTPRoute/team-a/shop`. */
export function policyId({ kind, metadata: { namespace, name } }: Policy): string {
  return namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}
