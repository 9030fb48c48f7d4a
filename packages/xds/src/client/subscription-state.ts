import { decodeResource } from '../codec/any.ts';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DiscoveryType,
  HttpConnectionManager,
  type Listener,
  type Node,
  type VirtualHost,
} from '../codec/messages.ts';
import { RESOURCE_TYPES, type ResourceMessage, resourceTypeOf } from '../codec/resource-type.ts';
import { clustersOfVirtualHost } from '../resources/route/virtual-host-clusters.ts';
import { OUTBOUND, virtualHostName } from '../resources/route/virtual-host-name.ts';
import type { ClientType } from './batch.ts';

/** A response as the client sees it; `malformed` says why it can't be used. */
export interface Received<T extends ClientType = ClientType> {
  readonly type: T;
  readonly nonce: string;
  readonly upserts: ReadonlyMap<string, ResourceMessage<T>>;
  readonly versions: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
  readonly malformed?: string;
}

/** Resources that are no longer subscribed to. */
export interface Dropped {
  readonly type: ClientType;
  readonly removed: readonly string[];
}

interface TypeState {
  /** Those that are subscribed to. */
  readonly names: Set<string>;
  /** Those that were asked for, whether something refers to them or not. */
  readonly asked: Set<string>;
  /** Versions of what was accepted. */
  readonly versions: Map<string, string>;
}

const HCM =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** What a client subscribes to. */
interface Interest {
  readonly types: readonly ClientType[];
  /** The kinds that are subscribed to as a whole; the others by their names. */
  readonly wildcard: ReadonlySet<ClientType>;
}

const EVERYTHING: Interest = {
  types: ['cluster', 'endpoint', 'listener', 'route'],
  wildcard: new Set<ClientType>(['cluster', 'listener']),
};
/** Virtual hosts come last: the server gives those of the routes that it was asked for. */
const ASKED_FOR: Interest = {
  types: ['cluster', 'endpoint', 'listener', 'route', 'virtualHost'],
  wildcard: new Set<ClientType>(['listener']),
};
/** What a kind of resource names. */
const TARGETS: Readonly<Partial<Record<ClientType, ClientType>>> = {
  cluster: 'endpoint',
  listener: 'route',
  virtualHost: 'cluster',
};

/**
 * What the client subscribes to and has accepted: all clusters and listeners, and the endpoints and
 * routes that those name; or, by `onDemand`, only the services that {@link ask} names, with the clusters
 * that their routes lead to. Pure: responses and judgements in, requests out.
 */
export class SubscriptionState {
  readonly #node: Node;
  readonly #interest: Interest;
  readonly #types: ReadonlyMap<ClientType, TypeState>;
  /** Names that an accepted resource refers to, by kind and name. */
  readonly #references = new Map<string, readonly string[]>();
  readonly #dropped: Dropped[] = [];
  /** Kinds that were asked for on the present stream. */
  readonly #asked = new Set<ClientType>();

  constructor(node: Node, { onDemand = false }: { readonly onDemand?: boolean } = {}) {
    this.#node = node;
    this.#interest = onDemand ? ASKED_FOR : EVERYTHING;
    this.#types = new Map(
      this.#interest.types.map((type) => [
        type,
        { names: new Set(), asked: new Set(), versions: new Map() },
      ]),
    );
    // Virtual hosts are given only to who has asked for their routes.
    if (onDemand) this.#state('route').names.add(OUTBOUND);
  }

  /** Asks for a service: the host that routes to it, and its cluster. On demand only. */
  ask(service: string): DeltaDiscoveryRequest[] {
    this.#state('cluster').asked.add(service);
    this.#state('virtualHost').asked.add(virtualHostName(OUTBOUND, service));
    return [...this.#follow('cluster'), ...this.#follow('virtualHost')];
  }

  /** Takes an {@link ask} back. */
  leave(service: string): DeltaDiscoveryRequest[] {
    const host = virtualHostName(OUTBOUND, service);
    this.#state('cluster').asked.delete(service);
    this.#state('virtualHost').asked.delete(host);
    this.#references.delete(`virtualHost ${host}`);
    return [...this.#follow('virtualHost'), ...this.#follow('cluster')];
  }

  /** The requests with which a stream begins; they say what the client has. */
  open(): DeltaDiscoveryRequest[] {
    this.#asked.clear();
    const { types, wildcard } = this.#interest;
    const requests = types.flatMap((type) => {
      const { names } = this.#state(type);
      return wildcard.has(type) || names.size > 0 ? [this.#request(type, [...names], [])] : [];
    });
    return requests.map((request, i) => (i === 0 ? { ...request, node: this.#node } : request));
  }

  /**
   * What is no longer subscribed to since the last call: the server will not say that it is gone, and what
   * the client had of it grows old.
   */
  dropped(): Dropped[] {
    return this.#dropped.splice(0);
  }

  /** Decodes a response; undefined for a kind that was not asked for. */
  receive(response: DeltaDiscoveryResponse): Received | undefined {
    const type = resourceTypeOf(response.typeUrl ?? '');
    if (type === undefined || type === 'secret' || !this.#types.has(type)) return undefined;
    const nonce = response.nonce ?? '';
    const removed = response.removedResources ?? [];
    const upserts = new Map<string, ResourceMessage<ClientType>>();
    const versions = new Map<string, string>();
    let malformed: string | undefined;
    for (const { name, version, resource } of response.resources ?? []) {
      try {
        upserts.set(name ?? '', decodeResource(type, resource ?? {}));
        versions.set(name ?? '', version ?? '');
      } catch (error) {
        malformed ??= `${name}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    const received = { type, nonce, upserts, versions, removed };
    return malformed === undefined ? received : { ...received, malformed };
  }

  /** Notes that it was applied: an ACK, and subscriptions to what it refers to. */
  accept(received: Received): DeltaDiscoveryRequest[] {
    const { type, nonce, upserts, versions, removed } = received;
    const state = this.#state(type);
    for (const [name, version] of versions) state.versions.set(name, version);
    for (const name of removed) state.versions.delete(name);
    const requests = [{ typeUrl: RESOURCE_TYPES[type].typeUrl, responseNonce: nonce }];
    const target = TARGETS[type];
    if (target === undefined) return requests;
    for (const [name, message] of upserts)
      this.#references.set(`${type} ${name}`, referencesOf(type, message));
    for (const name of removed) this.#references.delete(`${type} ${name}`);
    return [...requests, ...this.#follow(target)];
  }

  /** Notes that it was not applied: a NACK. */
  reject({ type, nonce }: Received, message: string): DeltaDiscoveryRequest {
    const { typeUrl } = RESOURCE_TYPES[type];
    return { typeUrl, responseNonce: nonce, errorDetail: { code: 3, message } };
  }

  /** Subscribes to what is asked for or referred to, and to nothing else, of a kind. */
  #follow(target: ClientType): DeltaDiscoveryRequest[] {
    const wanted = new Set(this.#state(target).asked);
    for (const [key, names] of this.#references) {
      // The kind is what its key begins with.
      const type = key.slice(0, key.indexOf(' ')) as ClientType;
      if (TARGETS[type] === target) for (const name of names) wanted.add(name);
    }
    const state = this.#state(target);
    const subscribe = [...wanted.difference(state.names)];
    const unsubscribe = [...state.names.difference(wanted)];
    for (const name of subscribe) state.names.add(name);
    for (const name of unsubscribe) {
      state.names.delete(name);
      state.versions.delete(name);
      this.#references.delete(`${target} ${name}`);
    }
    if (subscribe.length === 0 && unsubscribe.length === 0) return [];
    const requests = [this.#request(target, subscribe, unsubscribe)];
    if (unsubscribe.length === 0 || this.#interest === EVERYTHING) return requests;
    this.#dropped.push({ type: target, removed: unsubscribe });
    const further = TARGETS[target];
    return further === undefined ? requests : [...requests, ...this.#follow(further)];
  }

  #request(
    type: ClientType,
    subscribe: readonly string[],
    unsubscribe: readonly string[],
  ): DeltaDiscoveryRequest {
    const first = !this.#asked.has(type);
    this.#asked.add(type);
    const { versions } = this.#state(type);
    return {
      typeUrl: RESOURCE_TYPES[type].typeUrl,
      resourceNamesSubscribe: first && this.#interest.wildcard.has(type) ? ['*'] : [...subscribe],
      resourceNamesUnsubscribe: [...unsubscribe],
      ...(first ? { initialResourceVersions: Object.fromEntries(versions) } : {}),
    };
  }

  #state(type: ClientType): TypeState {
    // Nobody asks for other kinds than those that the map was made of.
    return this.#types.get(type) as TypeState;
  }
}

function referencesOf(type: ClientType, message: ResourceMessage<ClientType>): string[] {
  if (type === 'cluster') {
    // A message of that type.
    const cluster = message as ResourceMessage<'cluster'>;
    if (cluster.type !== DiscoveryType.EDS) return [];
    return [cluster.edsClusterConfig?.serviceName || (cluster.name ?? '')];
  }
  if (type === 'virtualHost') return clustersOfVirtualHost(message as VirtualHost);
  return routeNames(message as Listener);
}

/** The route configurations that a listener fetches. */
export function routeNames(listener: Listener): string[] {
  const chains = [...(listener.filterChains ?? [])];
  if (listener.defaultFilterChain) chains.push(listener.defaultFilterChain);
  return chains.flatMap(({ filters }) =>
    (filters ?? []).flatMap(({ typedConfig }) => {
      if (typedConfig?.type_url !== HCM) return [];
      const name = HttpConnectionManager.decode(typedConfig.value ?? new Uint8Array()).rds
        ?.routeConfigName;
      return name ? [name] : [];
    }),
  );
}
