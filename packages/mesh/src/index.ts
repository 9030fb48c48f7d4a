export {
  type Algorithm,
  type AlgorithmEnvironment,
  createBalancer,
  isHashing,
} from './balance/algorithm.ts';
export type { Balancer, PickContext, Weighted } from './balance/balancer.ts';
export { BoundedLoad, type BoundedLoadOptions } from './balance/bounded-load.ts';
export {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type Resource,
  type RetryShare,
} from './balance/circuit-breaker.ts';
export {
  ClusterBalancer,
  type ClusterBalancerOptions,
  type HostBalancer,
} from './balance/cluster-balancer.ts';
export { Hash64 } from './balance/hash64.ts';
export { type Host, type HostFacts, Hosts } from './balance/host.ts';
export { LeastRequest, type LeastRequestOptions } from './balance/least-request.ts';
export {
  ClusterLoad,
  type ClusterLoadOptions,
  type Load,
  type Loaded,
  type Outcome,
} from './balance/load.ts';
export type { LocalityRouting, LocalityWeight } from './balance/locality.ts';
export { Maglev, type MaglevOptions } from './balance/maglev.ts';
export { type OutlierChange, OutlierDetector } from './balance/outlier/outlier-detector.ts';
export {
  type EjectionReason,
  OUTLIER,
  type OutlierOptions,
} from './balance/outlier/outlier-options.ts';
export { inPanic, type LevelHealth, PANIC_THRESHOLD } from './balance/panic.ts';
export { PeakEwma, type PeakEwmaOptions } from './balance/peak-ewma.ts';
export {
  type PriorityLoad,
  type PriorityOptions,
  priorityLoads,
} from './balance/priority.ts';
export { Random } from './balance/random.ts';
export { type RandomSource, Xoshiro128 } from './balance/random-source.ts';
export { RetryBudget, type RetryBudgetOptions } from './balance/retry-budget.ts';
export { type Keyed, RingHash, type RingHashOptions } from './balance/ring-hash.ts';
export { RoundRobin } from './balance/round-robin.ts';
export {
  SubsetBalancer,
  type SubsetContext,
  type SubsetCriteria,
  type SubsetFallback,
  type SubsetOptions,
  type SubsetSelector,
} from './balance/subset.ts';
export {
  WarmUp,
  type WarmUpCurve,
  type WarmUpOptions,
  type WarmUpWindow,
  warmUpFactor,
} from './balance/warm-up.ts';
export { type ZoneRoute, type Zones, zoneRoute } from './balance/zone-aware.ts';
export { Catalog, type Commit, type OrphanedOverlay, type Restored } from './catalog/catalog.ts';
export type {
  ExplainedDeparture,
  ExplainedEndpoint,
  ExplainedRegistration,
  ExplainedSource,
  Explanation,
} from './catalog/explain.ts';
export type { Alarm, Held, HoldReason } from './catalog/held.ts';
export type { Conflict } from './catalog/merge.ts';
export type { Overlay } from './catalog/overlay.ts';
export {
  type MassDrop,
  PROTECTION,
  type Protection,
  type ProtectionOptions,
  type ProtectionOverride,
} from './catalog/protection.ts';
export type { CatalogSource, Reading } from './catalog/source-view.ts';
export type { DataPlane, DataPlaneState } from './model/data-plane.ts';
export {
  DEFAULT_WEIGHT,
  type Endpoint,
  type Health,
  type Locality,
  NO_LOCALITY,
  type Origin,
  sameEndpoint,
} from './model/endpoint.ts';
export {
  MARK_KEY,
  MARK_LABELS,
  type Mark,
  markedId,
  markedMetadata,
  markOf,
} from './model/mark.ts';
export type {
  DestinationContext,
  DestinationPlugin,
  Leadership,
  OpenSource,
  PluginContext,
  PluginFault,
  PluginLogger,
  ProbeContext,
  SettingsIssue,
  SettingsResult,
  SettingsSchema,
  SourceContext,
  SourcePlugin,
} from './model/plugin.ts';
export type {
  PolicyCondition,
  PolicySource,
  PolicyStanding,
  SourcePolicy,
} from './model/policy-source.ts';
export { type Protocol, type Service, sameService } from './model/service.ts';
export { ServiceMap } from './model/service-map.ts';
export { diff, EMPTY_SNAPSHOT, type ServiceChange, type Snapshot } from './model/snapshot.ts';
export type {
  Departure,
  Problem,
  RegistrySource,
  SourceChange,
  SourceState,
} from './model/source.ts';
export { ALIAS_ZONE, aliases, hashedAlias, plainAlias } from './names/alias.ts';
export { hostNameFault } from './names/host-name.ts';
export { fitsPattern } from './names/name-pattern.ts';
export {
  MOST_HOSTS,
  sameHosts,
  splitHost,
  statedHostFault,
  statedHosts,
} from './names/stated-hosts.ts';
export {
  type Effective,
  type EffectiveMethod,
  type EffectivePolicy,
  type EffectiveTries,
  effective,
} from './policy/effective.ts';
export {
  type Refusal,
  type RoutedRequest,
  refusal,
  routed,
  select,
  settingsFor,
} from './policy/evaluate.ts';
export { isBlock, isInBlock } from './policy/ip-block.ts';
export {
  leaders,
  mainMembers,
  otherPorts,
  ownMembers,
  subsetMembers,
} from './policy/members.ts';
export type { Balancing, HashKey, PlainBalancing } from './policy/model/balancing.ts';
export type { FaultSettings } from './policy/model/fault-settings.ts';
export type {
  GatewayListener,
  GatewaySettings,
  ListenerTls,
} from './policy/model/gateway-settings.ts';
export type { HeaderChanges, HeaderValue } from './policy/model/headers.ts';
export type { HealthCheckSettings } from './policy/model/health-check-settings.ts';
export type { LocalitySettings, Nearness, Place } from './policy/model/locality-settings.ts';
export type { OutlierSettings } from './policy/model/outlier-settings.ts';
export { NO_POLICIES, type Policies, type ServiceRoutes } from './policy/model/policies.ts';
export type { RateLimitSettings, RequestLimit } from './policy/model/rate-limit-settings.ts';
export type { FieldMatch, PathMatch, RequestMatch } from './policy/model/request-match.ts';
export {
  RETRY_DEFAULTS,
  type RetryCondition,
  type RetrySettings,
} from './policy/model/retry-settings.ts';
export type {
  CircuitBreakerSettings,
  ConnectionSettings,
  ServiceSettings,
  TimeoutSettings,
  WarmUpSettings,
} from './policy/model/service-settings.ts';
export type { SubsetSettings } from './policy/model/subset-settings.ts';
export {
  type CorsSettings,
  type Mirror,
  NOBODY,
  type PathChange,
  type RuleAction,
  type Target,
  type TrafficRule,
  type WeightedTarget,
} from './policy/model/traffic-rule.ts';
export type { NotApplied } from './policy/not-applied.ts';
export {
  dependsOnCaller,
  localityWeights,
  type Prioritise,
  priorities,
} from './policy/priorities.ts';
export type {
  Destination,
  EndpointCondition,
  EndpointSelector,
  Otherwise,
  RequestCondition,
  RoutingStage,
  TrafficRoute,
} from './policy/routing.ts';
export type { PolicyOrigin, Stated } from './policy/stated.ts';
export {
  type CallerSettings,
  type EndpointSettings,
  type LoadBalancing,
  type MethodSettings,
  type ScopedSettings,
  samePolicy,
  type TrafficPolicy,
  type TrafficSettings,
} from './policy/traffic-policy.ts';
export { type Condition, holds, isSimpleRegex, type ValueMatch } from './policy/value-match.ts';
