import type { Endpoint } from '../model/endpoint.ts';
import type { Protocol, Service } from '../model/service.ts';
import type { Departure } from '../model/source.ts';
import { addressOf } from './address-index.ts';
import type { Left } from './guard.ts';
import type { Alarm, Held } from './held.ts';
import type { Conflict, Instance } from './merge.ts';
import type { Overlay } from './overlay.ts';
import type { Reading, SourceView } from './source-view.ts';

/** Why a service is served as it is. A value: it goes into JSON but for bigints and infinities. */
export interface Explanation {
  readonly name: string;
  /** False while nothing is served at all, because a source has not been read. */
  readonly ready: boolean;
  /** All sources, the first to win a conflict first. */
  readonly sources: readonly ExplainedSource[];
  readonly conflicts: readonly Conflict[];
  /** Whether an operator holds the service. */
  readonly hold: boolean;
  readonly alarm?: Alarm;
  /** Every endpoint that a source has or that is held, by id. */
  readonly endpoints: readonly ExplainedEndpoint[];
  /** Those that left lately without being deregistered, and are not served any more. */
  readonly gone: readonly ExplainedDeparture[];
}

/** What a source says of the service. */
export interface ExplainedSource {
  readonly name: string;
  readonly priority: number;
  readonly reading: Reading;
  /** Undefined when the source doesn't have the service. */
  readonly says?: {
    readonly protocol: Protocol;
    readonly endpoints: number;
    /** See `Service.hosts`. */
    readonly hosts?: readonly string[];
  };
}

/** What one address and port is. */
export interface ExplainedEndpoint {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Where it is registered now, the registration that counts first; none when it is held. */
  readonly registrations: readonly ExplainedRegistration[];
  /** Set when no source has it. */
  readonly held?: Held;
  /** What an operator says of it. */
  readonly overlay?: Overlay;
  /** What the data planes get; undefined when they don't. */
  readonly served?: Endpoint;
}

/** What one source has, and what is made of it. */
export interface ExplainedRegistration {
  readonly source: string;
  readonly endpoint: Endpoint;
  readonly decision: /** It counts. */
    | { readonly type: 'served' }
    /** It states the same address and port as the one that counts, and fills in what that leaves out. */
    | {
        readonly type: 'duplicate';
        readonly of: string;
        readonly because: 'lower-priority' | 'configured-later' | 'older';
      };
}

/** An endpoint that has gone. */
export interface ExplainedDeparture {
  readonly endpoint: Endpoint;
  readonly departure: Departure;
  /** By the clock that the catalog is told. */
  readonly at: number;
}

/** What the catalog knows of a service. */
export interface Known {
  readonly name: string;
  readonly ready: boolean;
  readonly sources: readonly SourceView[];
  readonly instances: readonly Instance[];
  readonly conflicts: readonly Conflict[];
  readonly served: Service | undefined;
  readonly held: ReadonlyMap<string, Held>;
  readonly kept: readonly Endpoint[];
  readonly left: readonly Left[];
  readonly overlayOf: (endpoint: Endpoint) => Overlay | undefined;
  readonly hold: boolean;
  readonly alarm: Alarm | undefined;
}

/** Makes the explanation of what the catalog knows of a service. */
export function explain(known: Known): Explanation {
  const { name, ready, sources, hold, alarm, held, left, conflicts } = known;
  const served = new Map(
    known.served?.endpoints.map((endpoint) => [addressOf(endpoint), endpoint]),
  );
  const explained = (
    endpoint: Endpoint,
    registrations: readonly ExplainedRegistration[],
  ): ExplainedEndpoint => {
    const { id, address, port } = endpoint;
    const state = registrations.length === 0 ? held.get(id) : undefined;
    const overlay = known.overlayOf(endpoint);
    const result = served.get(addressOf(endpoint));
    return {
      ...{ id, address, port, registrations },
      ...(state && { held: state }),
      ...(overlay && { overlay }),
      ...(result && { served: result }),
    };
  };
  const present = known.instances.map(({ endpoint, registrations }) =>
    explained(endpoint, decisions(registrations, sources)),
  );
  const kept = known.kept.map((endpoint) => explained(endpoint, []));
  return {
    ...{ name, ready, hold, conflicts },
    ...(alarm && { alarm }),
    sources: sources.map((source) => explainedSource(source, name)),
    endpoints: [...present, ...kept].sort((a, b) => (a.id < b.id ? -1 : 1)),
    gone: left
      .filter(({ endpoint }) => !held.has(endpoint.id))
      .map(({ endpoint, departure, at }) => ({ endpoint, departure, at })),
  };
}

function explainedSource(source: SourceView, service: string): ExplainedSource {
  const { name, priority, reading } = source;
  const said = source.get(service);
  const says = said && {
    protocol: said.protocol,
    endpoints: said.endpoints.length,
    ...(said.hosts && { hosts: said.hosts }),
  };
  return { name, priority, reading, ...(says && { says }) };
}

function decisions(
  [first, ...others]: Instance['registrations'],
  sources: readonly SourceView[],
): ExplainedRegistration[] {
  const { registry } = first.origin;
  const priority = (name: string) => sources.find((source) => source.name === name)?.priority ?? 0;
  return [
    { source: registry, endpoint: first, decision: { type: 'served' } },
    ...others.map((endpoint): ExplainedRegistration => {
      const source = endpoint.origin.registry;
      const lower = priority(source) < priority(registry);
      const because = source === registry ? 'older' : lower ? 'lower-priority' : 'configured-later';
      return { source, endpoint, decision: { type: 'duplicate', of: first.id, because } };
    }),
  ];
}
