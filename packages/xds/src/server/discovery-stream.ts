import type { DeltaDiscoveryRequest, DiscoveryRequest, Node } from '../codec/messages.ts';
import { ADD_ORDER, type ResourceType, resourceTypeOf } from '../codec/resource-type.ts';
import { ResourceSet, type ResourceView } from '../resources/resource-set.ts';
import type { View } from '../resources/scoped-view.ts';
import { DeltaSubscription } from './delta-subscription.ts';
import type { Framer, Variant } from './framer.ts';
import type { Interests } from './interests.ts';
import type { RefusedResource, ResourceNames, ResourceStatus, TypeStatus } from './proxy-status.ts';
import type { ResourceStore } from './resource-store.ts';
import type { Frame, Response } from './response.ts';
import { SotwSubscription } from './sotw-subscription.ts';
import type { Subscription, Verdict } from './subscription.ts';
import { VirtualHostSubscription } from './virtual-host-subscription.ts';

const NOTHING = new ResourceSet();
/** Types that a stream may ask for; there are about ten in all. */
const MAX_TYPES = 32;
/** Of these a request that has never named any asks for all. */
const LEGACY_WILDCARD: ReadonlySet<ResourceType> = new Set(['cluster', 'listener', 'virtualHost']);
/** What refers to clusters. */
const REFERRING: ReadonlySet<ResourceType> = new Set(['listener', 'route', 'virtualHost']);

/** What the streams of a server share. */
export interface StreamContext {
  readonly store: ResourceStore;
  readonly framers: Readonly<Record<Variant, Framer>>;
  readonly interests: Interests;
  /** Up to which one all changes were passed to {@link interests}. */
  revision(): number;
}

/**
 * The protocol of one stream: requests and changes go in, frames are pulled out while the socket
 * takes them. What is pulled is always what is current, so nothing queues up. Pure: no sockets and
 * no timers.
 *
 * Order: what is added goes clusters, endpoints, listeners, routes, virtual hosts; what is removed goes
 * the other way, after. A type has one push in flight at a time, so that a slow proxy gets fewer, not more;
 * endpoints wait so only for those of the same service, and {@link ENDPOINT_HOLD} for others.
 * Answers to requests are not held back. Listeners, routes and virtual hosts wait until clusters were accepted.
 */
export class DiscoveryStream {
  readonly #variant: Variant;
  readonly #context: StreamContext;
  readonly #wake: () => void;
  readonly #subscriptions = new Map<string, SotwSubscription | DeltaSubscription>();
  readonly #byType = new Map<ResourceType, Subscription>();
  #virtualHosts: VirtualHostSubscription | undefined;
  /** In the order in which resources are added; types of which there are none come last. */
  readonly #ordered: Subscription[] = [];
  #reversed: readonly Subscription[] = [];
  #node: Node | undefined;
  #view: View | undefined;
  #applied: number | undefined;
  /** Whether there may be something to send, now or when what it waits for is over. */
  #hasWork = false;

  /** @param wake is called when a change concerns it, so that {@link next} may have a frame */
  constructor(variant: Variant, context: StreamContext, wake: () => void) {
    this.#variant = variant;
    this.#context = context;
    this.#wake = () => {
      this.#hasWork = true;
      wake();
    };
  }

  /** What the first request said of the client: only that one must. */
  get node(): Node {
    return this.#node ?? {};
  }

  /**
   * Takes a request. The verdict says which response it acknowledges or rejects, if any.
   *
   * @throws RangeError when the stream asks for more types than there are.
   */
  receive(request: DiscoveryRequest | DeltaDiscoveryRequest, now: number): Verdict | undefined {
    if (this.#view === undefined) {
      this.#node = request.node ?? {};
      this.#view = this.#context.store.view(this.#node);
    }
    const typeUrl = request.typeUrl ?? '';
    const subscription = this.#subscription(typeUrl, this.#view);
    const { type } = subscription;
    // gRPC clients have no wildcard: without a name they want nothing.
    const isGrpc = /^grpc/i.test(this.node.userAgentName ?? '');
    const legacyWildcard = !isGrpc && type !== undefined && LEGACY_WILDCARD.has(type);
    const verdict = subscription.receive(request, legacyWildcard, now, this.#context.revision());
    if (type === 'route') this.#virtualHosts?.routesChanged();
    if (verdict?.type === 'acked') this.#advance();
    this.#hasWork ||= subscription.isOwed || subscription.isDirty;
    return verdict;
  }

  /** It has ended: it is no longer told of changes. */
  close(): void {
    for (const subscription of this.#ordered) subscription.close();
  }

  /**
   * The newest revision of which it has accepted all that it subscribes to; undefined before it has
   * had everything once.
   */
  get appliedRevision(): number | undefined {
    this.#advance();
    return this.#applied;
  }

  /** The next frame to write; undefined when there is nothing to send for now. */
  next(now: number): Frame | undefined {
    if (!this.#hasWork) return undefined;
    for (const subscription of this.#ordered) {
      if (!subscription.isOwed && !subscription.isDirty) continue;
      if (this.#isHeld(subscription, now)) continue;
      const response = subscription.upsert(now);
      if (response !== undefined) return this.#send(subscription, response, now);
    }
    for (const subscription of this.#reversed) {
      if (!subscription.isDirty || subscription.isPending(now)) continue;
      if (this.#isReferredTo(subscription, now)) continue;
      const response = subscription.removal();
      if (response !== undefined) return this.#send(subscription, response, now);
    }
    this.#hasWork = this.#ordered.some(({ isOwed, isDirty }) => isOwed || isDirty);
    return undefined;
  }

  /** What is known of each type that it asked for. */
  status(): TypeStatus[] {
    return [...this.#subscriptions.values()].map((subscription) => subscription.status());
  }

  /** What it rejects in the version that is served. */
  refused(): RefusedResource[] {
    return this.#ordered.flatMap((subscription) => subscription.refused());
  }

  /** What is known of each resource, or of some. */
  resources(only?: ResourceNames): ResourceStatus[] {
    return this.#ordered.flatMap((subscription) => {
      const { type } = subscription;
      return subscription.resources(type && only?.get(type));
    });
  }

  /** When there may be something to send although nothing happens; undefined: never. */
  heldUntil(now: number): number | undefined {
    if (!this.#hasWork) return undefined;
    let until: number | undefined;
    for (const subscription of this.#ordered) {
      if (!subscription.isDirty) continue;
      const held = subscription.heldUntil(now);
      if (held !== undefined) until = Math.min(until ?? held, held);
    }
    return until;
  }

  #advance(): void {
    let oldest: number | undefined;
    for (const { lacking } of this.#ordered)
      if (lacking !== undefined) oldest = Math.min(oldest ?? lacking, lacking);
    if (this.#ordered.length === 0) return;
    if (this.#applied === undefined && oldest !== undefined) return;
    const told = this.#context.revision();
    const applied = oldest === undefined ? told : Math.min(told, oldest - 1);
    // What it subscribes to later doesn't take back what it has applied.
    this.#applied = Math.max(this.#applied ?? applied, applied);
  }

  #isHeld(subscription: Subscription, now: number): boolean {
    if (subscription.isOwed) return false;
    if (subscription.heldUntil(now) !== undefined) return true;
    const { type } = subscription;
    const refers = type !== undefined && REFERRING.has(type);
    return refers && (this.#byType.get('cluster')?.isPending(now) ?? false);
  }

  /** Whether something that may refer to what it removes has not left it yet. */
  #isReferredTo({ type }: Subscription, now: number): boolean {
    if (type === 'listener') return this.#byType.get('route')?.hasUpserts ?? false;
    if (type !== 'cluster' && type !== 'endpoint') return false;
    return [...REFERRING].some((each) => {
      const referring = this.#byType.get(each);
      return referring?.isPending(now) || referring?.hasChanges;
    });
  }

  #send(subscription: Subscription, response: Response, now: number): Frame {
    const frame = this.#context.framers[this.#variant].frame(response, subscription.nonce);
    subscription.sent(response, frame, now);
    const { type } = subscription;
    if (type === 'cluster' || type === 'route') this.#sendParts(type, response);
    return frame;
  }

  /** Sends again what Envoy wants, or would miss, with what it has just been sent. */
  #sendParts(type: 'cluster' | 'route', { fresh, since: first }: Response): void {
    const names = fresh.map(({ name }) => name);
    const since = first ?? this.#context.revision();
    // It warms a cluster that changed anew, for which it wants its endpoints again.
    if (type === 'cluster') this.#byType.get('endpoint')?.resend(names, since);
    else {
      this.#virtualHosts?.routesChanged();
      this.#virtualHosts?.routesSent(names, since);
    }
  }

  #subscription(typeUrl: string, view: View): SotwSubscription | DeltaSubscription {
    const known = this.#subscriptions.get(typeUrl);
    if (known !== undefined) return known;
    if (this.#subscriptions.size >= MAX_TYPES) throw new RangeError('Too many types on one stream');
    const type = resourceTypeOf(typeUrl);
    const resources = type === undefined ? NOTHING : view[type];
    const made = this.#make(typeUrl, type, resources);
    this.#subscriptions.set(typeUrl, made);
    if (type !== undefined) this.#byType.set(type, made);
    this.#ordered.push(made);
    this.#ordered.sort((a, b) => rank(a) - rank(b));
    this.#reversed = this.#ordered.toReversed();
    return made;
  }

  #make(
    typeUrl: string,
    type: ResourceType | undefined,
    resources: ResourceView,
  ): SotwSubscription | DeltaSubscription {
    const { interests } = this.#context;
    if (this.#variant === 'sotw')
      return new SotwSubscription(typeUrl, resources, interests, this.#wake);
    if (type !== 'virtualHost')
      return new DeltaSubscription(typeUrl, resources, interests, this.#wake);
    const routes = () => this.#byType.get('route');
    const made = new VirtualHostSubscription(typeUrl, resources, interests, this.#wake, routes);
    this.#virtualHosts = made;
    return made;
  }
}

function rank({ type }: Subscription): number {
  return type === undefined ? ADD_ORDER.length : ADD_ORDER.indexOf(type);
}
