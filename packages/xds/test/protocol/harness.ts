import {
  type Any,
  Cluster,
  type DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  type DiscoveryRequest,
  DiscoveryResponse,
} from '../../src/codec/messages.ts';
import {
  ADD_ORDER,
  makeResource,
  RESOURCE_TYPES,
  ResourceSet,
  type ResourceType,
} from '../../src/index.ts';
import { DiscoveryStream, type StreamContext } from '../../src/server/discovery-stream.ts';
import { Framer, type Variant } from '../../src/server/framer.ts';
import { Interests } from '../../src/server/interests.ts';
import type { Verdict } from '../../src/server/subscription.ts';

/** A response, in short. */
export interface Sent {
  readonly type: ResourceType | undefined;
  readonly names: readonly string[];
  readonly removed: readonly string[];
  readonly nonce: string;
  readonly version: string;
  /** The resources themselves. */
  readonly resources: readonly Any[];
}

/** A store of resources whose content is a text, and streams that are served from it. */
export class Harness {
  readonly sets = Object.fromEntries(ADD_ORDER.map((type) => [type, new ResourceSet()])) as Record<
    ResourceType,
    ResourceSet
  >;
  readonly interests = new Interests();
  /** Of the last change. */
  revision = 0;
  readonly framers = { sotw: new Framer('sotw'), delta: new Framer('delta') };

  /** What streams share. */
  get context(): StreamContext {
    const { framers, interests } = this;
    const store = { view: () => this.sets };
    return { store, framers, interests, revision: () => this.revision };
  }

  /** Sets resources, each by name with a content that makes its version; null removes. */
  set(type: ResourceType, resources: Record<string, number | null>): void {
    for (const [name, content] of Object.entries(resources)) {
      if (content === null) this.sets[type].delete(name);
      else this.sets[type].set(message(type, name, content));
    }
    const changes = new Map([[type, new Set(Object.keys(resources))]]);
    this.revision++;
    this.interests.changed(changes, this.revision);
  }

  sotw(userAgentName = 'envoy'): SotwStream {
    return new SotwStream('sotw', this, userAgentName);
  }

  delta(userAgentName = 'envoy'): DeltaStream {
    return new DeltaStream('delta', this, userAgentName);
  }
}

function message(type: ResourceType, name: string, content: number) {
  if (type === 'endpoint') {
    const policy = { overprovisioningFactor: { value: content } };
    return makeResource('endpoint', name, { clusterName: name, policy });
  }
  if (type === 'cluster') return makeResource('cluster', name, { name, altStatName: `${content}` });
  if (type === 'listener')
    return makeResource('listener', name, { name, statPrefix: `${content}` });
  if (type === 'route')
    return makeResource('route', name, { name, requestHeadersToRemove: [`${content}`] });
  if (type === 'virtualHost')
    return makeResource('virtualHost', name, { name, domains: [`${content}`] });
  return makeResource('secret', name, { name });
}

class Stream {
  readonly inner: DiscoveryStream;
  readonly #variant: Variant;
  /** How often a change has woken it. */
  wakes = 0;
  /** The clock. */
  now = 1000;

  constructor(variant: Variant, harness: Harness) {
    this.#variant = variant;
    this.inner = new DiscoveryStream(variant, harness.context, () => {
      this.wakes++;
    });
  }

  /** All that is to be sent now. */
  pull(): Sent[] {
    const sent: Sent[] = [];
    for (;;) {
      const frame = this.inner.next(this.now);
      if (frame === undefined) return sent;
      sent.push(sentBy(this.#variant, frame.bytes));
    }
  }
}

/** A response, of its bytes. */
export function sentBy(variant: Variant, bytes: Buffer): Sent {
  return variant === 'sotw' ? sotwSent(bytes) : deltaSent(bytes);
}

function typeOf(url: string): ResourceType | undefined {
  return ADD_ORDER.find((type) => RESOURCE_TYPES[type].typeUrl === url);
}

function sotwSent(bytes: Buffer): Sent {
  const { typeUrl, nonce, versionInfo, resources } = DiscoveryResponse.decode(bytes);
  const type = typeOf(typeUrl);
  const names = resources.map(({ value }) => {
    const { [type === 'endpoint' ? 'clusterName' : 'name']: name } = RESOURCE_TYPES[
      type ?? 'cluster'
    ].message.decode(value ?? new Uint8Array()) as unknown as Record<string, string>;
    return name ?? '';
  });
  return { type, names, removed: [], nonce, version: versionInfo, resources };
}

function deltaSent(bytes: Buffer): Sent {
  const response = DeltaDiscoveryResponse.decode(bytes);
  const names = response.resources.map(({ name }) => name ?? '');
  return {
    type: typeOf(response.typeUrl),
    names,
    removed: response.removedResources,
    nonce: response.nonce,
    version: response.systemVersionInfo,
    resources: response.resources.flatMap(({ resource }) => resource ?? []),
  };
}

const url = (type: ResourceType) => RESOURCE_TYPES[type].typeUrl;

/** A state-of-the-world client, which says its names with each request. */
export class SotwStream extends Stream {
  readonly #node: { userAgentName: string };

  constructor(variant: Variant, harness: Harness, userAgentName: string) {
    super(variant, harness);
    this.#node = { userAgentName };
  }

  request(type: ResourceType, names: string[], fields: DiscoveryRequest = {}): Verdict | undefined {
    const node = this.#node;
    return this.inner.receive(
      { node, typeUrl: url(type), resourceNames: names, ...fields },
      this.now,
    );
  }

  ack({ type = 'cluster', nonce, version }: Sent, names: string[]): Verdict | undefined {
    return this.request(type, names, { responseNonce: nonce, versionInfo: version });
  }

  nack({ type = 'cluster', nonce }: Sent, names: string[], message = 'no'): Verdict | undefined {
    return this.request(type, names, { responseNonce: nonce, errorDetail: { code: 3, message } });
  }
}

/** An incremental client. */
export class DeltaStream extends Stream {
  readonly #node: { userAgentName: string };

  constructor(variant: Variant, harness: Harness, userAgentName: string) {
    super(variant, harness);
    this.#node = { userAgentName };
  }

  request(type: ResourceType, fields: DeltaDiscoveryRequest = {}): Verdict | undefined {
    return this.inner.receive({ node: this.#node, typeUrl: url(type), ...fields }, this.now);
  }

  subscribe(type: ResourceType, ...names: string[]): Verdict | undefined {
    return this.request(type, { resourceNamesSubscribe: names });
  }

  unsubscribe(type: ResourceType, ...names: string[]): Verdict | undefined {
    return this.request(type, { resourceNamesUnsubscribe: names });
  }

  ack({ type = 'cluster', nonce }: Sent, fields: DeltaDiscoveryRequest = {}): Verdict | undefined {
    return this.request(type, { responseNonce: nonce, ...fields });
  }

  nack({ type = 'cluster', nonce }: Sent, message = 'no'): Verdict | undefined {
    return this.request(type, { responseNonce: nonce, errorDetail: { code: 3, message } });
  }
}

/** The only response of a list. */
export function only(sent: readonly Sent[]): Sent {
  const [first] = sent;
  if (sent.length !== 1 || first === undefined)
    throw new Error(`expected one response, got ${JSON.stringify(sent)}`);
  return first;
}

/** Type and names of responses, for comparing. */
export function brief(sent: readonly Sent[]): string[] {
  return sent.map(({ type, names, removed }) => {
    const gone = removed.map((name) => `-${name}`);
    return `${type}: ${[...[...names].sort(), ...gone.sort()].join(' ')}`.trim();
  });
}

/** What a response with clusters says, by name. */
export function contents({ resources }: Sent): Record<string, string> {
  const clusters = resources.map(({ value }) => Cluster.decode(value ?? new Uint8Array()));
  return Object.fromEntries(clusters.map(({ name, altStatName }) => [name, altStatName]));
}
