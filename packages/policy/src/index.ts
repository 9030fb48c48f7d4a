export { CHECKS, checkPolicies } from './check/checks.ts';
export type {
  Check,
  CheckCode,
  CheckInput,
  Finding,
  KnownService,
} from './check/finding.ts';
export { policyFor } from './check/policy-for.ts';
export { isRoute, type Reference, references, rulesOf } from './check/references.ts';
export { compilePolicies } from './compile/compile.ts';
export { jsonSchemas } from './json-schema.ts';
export { type Destination, destination } from './kinds/backend-ref.ts';
export { durationText, milliseconds } from './kinds/duration.ts';
export type { FaultPolicy } from './kinds/fault-policy.ts';
export type { GRPCFilter, HTTPFilter } from './kinds/filters.ts';
export type { Gateway, Listener } from './kinds/gateway.ts';
export type { GRPCRoute } from './kinds/grpc-route.ts';
export type { HTTPRoute } from './kinds/http-route.ts';
export { kindNamed, suggestKind } from './kinds/kind-name.ts';
export {
  apiVersionOf,
  isPolicyKind,
  POLICY_KINDS,
  type Policy,
  type PolicyKind,
  policyId,
  type Route,
} from './kinds/kinds.ts';
export type { GRPCMatch, HTTPMatch } from './kinds/matches.ts';
export { isGateway, isService, type ParentRef } from './kinds/parent-ref.ts';
export type { RateLimitPolicy } from './kinds/rate-limit-policy.ts';
export type { ServicePolicy } from './kinds/service-policy.ts';
export type { Subset } from './kinds/subset.ts';
export { fit, type TargetRef } from './kinds/target-ref.ts';
export type { TCPRoute } from './kinds/tcp-route.ts';
export { printPolicies, printPolicy } from './print.ts';
export { formatIssue, type Issue, type IssueCode, type Place, pathText } from './read/issue.ts';
export {
  type ParsedPolicies,
  type PolicyText,
  parsePolicies,
  type WrittenPolicy,
} from './read/parse.ts';
export { type Fault, type Validated, validate } from './read/validate.ts';
export { DATA_PLANES, type DataPlane, type Unsupported } from './support/data-plane.ts';
export { unsupported } from './support/unsupported.ts';
