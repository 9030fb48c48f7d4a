import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Locality } from '@meshkeeper/mesh';
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse, type Node } from '../codec/messages.ts';
import { textStruct } from '../codec/struct.ts';
import { type Clock, type Logger, SILENT } from '../logger.ts';
import { formatHostPort, type HostPort } from '../resources/host-port.ts';
import { bytesMethod, DELTA_ADS } from '../server/services.ts';
import { type Backoff, backoff } from './backoff.ts';
import type { XdsBatch } from './batch.ts';
import { BatchQueue } from './batch-queue.ts';
import { nextState, type StreamEvent, type XdsClientState } from './client-state.ts';
import { LoadReporter } from './load-reporter.ts';
import type { ClusterUsage } from './load-stats.ts';
import { pushback } from './pushback.ts';
import { type Received, SubscriptionState } from './subscription-state.ts';

/** How the client connects, and what it says of itself. */
export interface XdsClientOptions {
  /** The control plane. */
  readonly address: HostPort;
  readonly node: {
    /** Unique among the proxies. */
    readonly id: string;
    readonly cluster: string;
    /** Short for a locality of which nothing else is known. */
    readonly zone?: string;
    /** Where it runs; parts that are not stated are empty. Goes before `zone`. */
    readonly locality?: Partial<Locality>;
    /** See `LISTENER_KEYS`. */
    readonly metadata?: Readonly<Record<string, string>>;
    readonly userAgent?: string;
    readonly userAgentVersion?: string;
  };
  /**
   * Subscribes to nothing but the services that {@link XdsClient.ask} names. For nodes that get virtual
   * hosts as resources of their own: see `ON_DEMAND_AGENT`. Default false.
   */
  readonly onDemand?: boolean;
  /** Default: no TLS. */
  readonly credentials?: ReturnType<typeof credentials.createInsecure>;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Called after each change of {@link XdsClient.state}. */
  readonly onState?: (state: XdsClientState) => void;
  /**
   * What was sent to whom since the last call, of every cluster: reported to a control plane that asks for
   * it (LRS). Default: nothing is reported.
   */
  readonly usage?: () => readonly ClusterUsage[];
  /**
   * Milliseconds between attempts to connect, where the control plane does not say when to come back.
   * Default 100, doubling to 10,000.
   */
  readonly backoff?: Backoff;
  /** Milliseconds between pings. Default 10,000; an answer has 5,000. */
  readonly keepalive?: number;
  /** Default `Date.now`. */
  readonly clock?: Clock;
  /** From 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

const BACKOFF: Backoff = { base: 100, max: 10_000 };

/**
 * An incremental ADS client: all clusters and listeners, and the endpoints and routes that they
 * name; or, by `onDemand`, what belongs to the services that it is asked for. It connects at once and reconnects until it is closed.
 */
export class XdsClient implements AsyncDisposable {
  readonly #options: XdsClientOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #client: Client;
  readonly #subscriptions: SubscriptionState;
  readonly #queue = new BatchQueue();
  readonly #loads: LoadReporter | undefined;
  #state: XdsClientState = { type: 'connecting' };
  #call: ClientDuplexStream<Buffer, Buffer> | undefined;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: XdsClientOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#clock = options.clock ?? Date.now;
    const secrets = options.credentials ?? credentials.createInsecure();
    const channel: ChannelOptions = {
      'grpc.keepalive_time_ms': options.keepalive ?? 10_000,
      'grpc.keepalive_timeout_ms': 5000,
      'grpc.max_receive_message_length': -1,
      // The pauses are ours, below.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.use_local_subchannel_pool': 1,
    };
    this.#client = new Client(formatHostPort(options.address), secrets, channel);
    const { onDemand = false } = options;
    const node = nodeOf(options.node);
    this.#subscriptions = new SubscriptionState(node, { onDemand });
    const { usage, backoff = BACKOFF, random = Math.random } = options;
    this.#loads = usage && new LoadReporter({ client: this.#client, node, usage, backoff, random });
    this.#connect();
  }

  /** Whether what was delivered is current. */
  get state(): XdsClientState {
    return this.#state;
  }

  /**
   * What the control plane sends, in its order; after a reconnection only what differs. For one
   * consumer, which must `accept()` or `reject()` each batch. Ends when the client is closed or the
   * signal aborts.
   */
  updates(signal?: AbortSignal): AsyncGenerator<XdsBatch, void, void> {
    return this.#queue.iterate(signal);
  }

  /** Subscribes to a service, with `onDemand`. What there is not is told as removed. */
  ask(service: string): void {
    this.#sendAll(this.#subscriptions.ask(service));
  }

  /** Takes an {@link ask} back: nothing more is told of what no other service leads to. */
  leave(service: string): void {
    this.#sendAll(this.#subscriptions.leave(service));
  }

  /** Disconnects for good. */
  close(): Promise<void> {
    this.#move({ type: 'closed' });
    clearTimeout(this.#retry);
    this.#call?.cancel();
    this.#loads?.close();
    this.#client.close();
    this.#queue.close();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connect(): void {
    const { path, requestSerialize, responseDeserialize } = bytesMethod(DELTA_ADS);
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#call = call;
    call.on('data', (bytes: Buffer) => this.#receive(call, bytes));
    call.on('error', (error: ServiceError) => this.#broken(call, error.message, pushback(error)));
    call.on('end', () => this.#broken(call, 'The control plane ended the stream'));
    for (const request of this.#subscriptions.open()) this.#send(call, request);
  }

  #receive(call: ClientDuplexStream<Buffer, Buffer>, bytes: Buffer): void {
    this.#attempt = 0;
    const before = this.#state;
    this.#move({ type: 'answered' });
    if (this.#state.type === 'live' && before.type !== 'live') this.#loads?.start();
    let received: Received | undefined;
    try {
      received = this.#subscriptions.receive(DeltaDiscoveryResponse.decode(bytes));
    } catch (error) {
      call.cancel();
      this.#broken(call, error instanceof Error ? error.message : String(error));
      return;
    }
    if (received === undefined) return;
    const { malformed } = received;
    if (malformed === undefined) this.#queue.push(this.#batch(call, received));
    else {
      this.#logger.warn({ type: received.type, malformed }, 'rejecting a malformed response');
      this.#send(call, this.#subscriptions.reject(received, malformed));
    }
  }

  #batch(call: ClientDuplexStream<Buffer, Buffer>, received: Received): XdsBatch {
    let judged = false;
    const judge = (requests: () => DeltaDiscoveryRequest[]) => {
      if (judged || this.#state.type === 'closed') return;
      judged = true;
      const [judgement, ...subscriptions] = requests();
      // What follows from it is asked for first, as Envoy does: what is acknowledged is not all yet.
      if (this.#call !== undefined) for (const each of subscriptions) this.#send(this.#call, each);
      // A nonce is valid only on its own stream; what follows from it is not bound to that.
      if (judgement !== undefined && call === this.#call) this.#send(call, judgement);
      this.#drop();
    };
    const batch = {
      type: received.type,
      upserts: received.upserts,
      removed: received.removed,
      accept: () => judge(() => this.#subscriptions.accept(received)),
      reject: (message: string) => judge(() => [this.#subscriptions.reject(received, message)]),
    };
    // The messages were decoded as those of `type`.
    return batch as XdsBatch;
  }

  /** On the present stream, if there is one: the next begins with all that is subscribed to. */
  #sendAll(requests: readonly DeltaDiscoveryRequest[]): void {
    const call = this.#call;
    if (call !== undefined) for (const each of requests) this.#send(call, each);
    this.#drop();
  }

  /** Tells the consumer what it will hear no more of, as if it were gone. */
  #drop(): void {
    for (const { type, removed } of this.#subscriptions.dropped()) {
      const batch = { type, upserts: new Map(), removed, dropped: true, accept() {}, reject() {} };
      // An empty map holds messages of any kind.
      this.#queue.push(batch as XdsBatch);
    }
  }

  #send(call: ClientDuplexStream<Buffer, Buffer>, request: DeltaDiscoveryRequest): void {
    const bytes = DeltaDiscoveryRequest.encode(request).finish();
    call.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** @param told when the control plane wants it to come back */
  #broken(call: ClientDuplexStream<Buffer, Buffer>, reason: string, told?: number): void {
    if (call !== this.#call || this.#state.type === 'closed') return;
    this.#call = undefined;
    this.#move({ type: 'broken', reason });
    const { backoff: limits = BACKOFF, random = Math.random } = this.#options;
    const wait = told ?? backoff(this.#attempt++, limits, random);
    this.#logger.info({ reason, wait }, 'the control plane is away');
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #move(event: StreamEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event, this.#clock());
    if (this.#state !== before) this.#options.onState?.(this.#state);
  }
}

function nodeOf(node: XdsClientOptions['node']): Node {
  const place = node.locality ?? (node.zone === undefined ? undefined : { zone: node.zone });
  return {
    id: node.id,
    cluster: node.cluster,
    metadata: textStruct(node.metadata ?? {}),
    userAgentName: node.userAgent ?? 'meshkeeper',
    ...(node.userAgentVersion === undefined ? {} : { userAgentVersion: node.userAgentVersion }),
    ...(place && { locality: { ...place, subZone: place.subzone } }),
  };
}
