import { decodeResource } from '../codec/any.ts';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DiscoveryType,
  HttpConnectionManager,
  type Listener,
  type Node,
} from '../codec/messages.ts';
import { RESOURCE_TYPES, type ResourceMessage, resourceTypeOf } from '../codec/resource-type.ts';
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

interface TypeState {
  readonly names: Set<string>;
  /** Versions of what was accepted. */
  readonly versions: Map<string, string>;
}

const HCM =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** The kinds that are subscribed to as a whole; the others by the names that these refer to. */
const WILDCARD: ReadonlySet<ClientType> = new Set<ClientType>(['cluster', 'listener']);
const TYPES: readonly ClientType[] = ['cluster', 'endpoint', 'listener', 'route'];

/**
 * What the client subscribes to and has accepted: all clusters and listeners, and the endpoints and
 * routes that those name. Pure: responses and judgements in, requests out.
 */
export class SubscriptionState {
  readonly #node: Node;
  readonly #types = new Map<ClientType, TypeState>(
    TYPES.map((type) => [type, { names: new Set(), versions: new Map() }]),
  );
  /** Names that an accepted cluster (or listener) refers to. */
  readonly #references = new Map<string, readonly string[]>();
  /** Kinds that were asked for on the present stream. */
  readonly #asked = new Set<ClientType>();

  constructor(node: Node) {
    this.#node = node;
  }

  /** The requests with which a stream begins; they say what the client has. */
  open(): DeltaDiscoveryRequest[] {
    this.#asked.clear();
    const requests = TYPES.flatMap((type) => {
      const { names } = this.#state(type);
      return WILDCARD.has(type) || names.size > 0 ? [this.#request(type, [...names], [])] : [];
    });
    return requests.map((request, i) => (i === 0 ? { ...request, node: this.#node } : request));
  }

  /** Decodes a response; undefined for a kind that was not asked for. */
  receive(response: DeltaDiscoveryResponse): Received | undefined {
    const type = resourceTypeOf(response.typeUrl ?? '');
    if (type === undefined || type === 'secret' || type === 'virtualHost') return undefined;
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
    const target = type === 'cluster' ? 'endpoint' : type === 'listener' ? 'route' : undefined;
    if (target === undefined) return requests;
    for (const [name, message] of upserts)
      this.#references.set(`${type} ${name}`, referencesOf(type, message));
    for (const name of removed) this.#references.delete(`${type} ${name}`);
    return [...requests, ...this.#follow(type, target)];
  }

  /** Notes that it was not applied: a NACK. */
  reject({ type, nonce }: Received, message: string): DeltaDiscoveryRequest {
    const { typeUrl } = RESOURCE_TYPES[type];
    return { typeUrl, responseNonce: nonce, errorDetail: { code: 3, message } };
  }

  #follow(type: ClientType, target: ClientType): DeltaDiscoveryRequest[] {
    const wanted = new Set<string>();
    for (const [key, names] of this.#references)
      if (key.startsWith(`${type} `)) for (const name of names) wanted.add(name);
    const state = this.#state(target);
    const subscribe = [...wanted.difference(state.names)];
    const unsubscribe = [...state.names.difference(wanted)];
    for (const name of subscribe) state.names.add(name);
    for (const name of unsubscribe) {
      state.names.delete(name);
      state.versions.delete(name);
    }
    if (subscribe.length === 0 && unsubscribe.length === 0) return [];
    return [this.#request(target, subscribe, unsubscribe)];
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
      resourceNamesSubscribe: first && WILDCARD.has(type) ? ['*'] : [...subscribe],
      resourceNamesUnsubscribe: [...unsubscribe],
      ...(first ? { initialResourceVersions: Object.fromEntries(versions) } : {}),
    };
  }

  #state(type: ClientType): TypeState {
    // The map was made of all of them.
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
