export { RoundRobin, type Weighted } from './balance/round-robin.ts';
export { ABSORB, type AbsorbOptions } from './catalog/absorber.ts';
export { Catalog, type Commit } from './catalog/catalog.ts';
export type { Overlay } from './catalog/overlay.ts';
export {
  DEFAULT_WEIGHT,
  type Endpoint,
  type Health,
  type Locality,
  NO_LOCALITY,
  type Origin,
  sameEndpoint,
} from './model/endpoint.ts';
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
