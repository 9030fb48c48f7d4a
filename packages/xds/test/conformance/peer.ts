import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { until } from '@meshkeeper/testbed';
import { DeltaDiscoveryRequest, DiscoveryRequest, type Node } from '../../src/codec/messages.ts';
import { formatHostPort, type HostPort, type ResourceType } from '../../src/index.ts';
import { type Reply, readReply } from './reply.ts';
import { pathOf, TYPE_URLS, type Variant } from './variants.ts';

/** Fields of a request of either variant. */
export type RequestFields = Omit<DiscoveryRequest, 'typeUrl'> &
  Omit<DeltaDiscoveryRequest, 'typeUrl'>;

/** What a client has asked for of a type, and had last. */
interface Subscription {
  readonly names: Set<string>;
  wildcard: boolean;
  last: Reply | undefined;
}

const asIs = (bytes: Buffer) => bytes;

/**
 * A client written from the specification, which does nothing by itself: each request is the
 * test's. The node goes with the first request of a stream only.
 */
export class Peer implements Disposable {
  readonly variant: Variant;
  readonly node: Node;
  readonly #client: Client;
  readonly #streams = new Map<string, ClientDuplexStream<Buffer, Buffer>>();
  readonly #subscriptions = new Map<ResourceType, Subscription>();
  readonly #unread: Reply[] = [];
  /** What streams ended with. */
  readonly errors: Error[] = [];

  constructor(address: HostPort, variant: Variant, node: Node) {
    this.variant = variant;
    this.node = node;
    this.#client = new Client(formatHostPort(address), credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  /** Subscribes to these, beside those before. */
  subscribe(type: ResourceType, ...names: string[]): void {
    const subscription = this.#subscription(type);
    for (const name of names) subscription.names.add(name);
    if (this.variant.incremental) this.send(type, { resourceNamesSubscribe: names });
    else this.#sayNames(type);
  }

  /** Unsubscribes from these. */
  unsubscribe(type: ResourceType, ...names: string[]): void {
    const subscription = this.#subscription(type);
    for (const name of names) subscription.names.delete(name);
    if (this.variant.incremental) this.send(type, { resourceNamesUnsubscribe: names });
    else this.#sayNames(type);
  }

  /** Asks for everything in the old way, by a request without names. */
  wildcard(type: ResourceType): void {
    this.#subscription(type).wildcard = true;
    this.send(type, {});
  }

  /** Accepts a response. */
  ack(reply: Reply, fields: RequestFields = {}): void {
    const { names } = this.#subscription(reply.type);
    const versionInfo = reply.version;
    const sotw = { versionInfo, resourceNames: [...names] };
    const common = this.variant.incremental ? {} : sotw;
    this.send(reply.type, { ...common, responseNonce: reply.nonce, ...fields });
  }

  /** Rejects a response. */
  nack(reply: Reply, message = 'not so', fields: RequestFields = {}): void {
    const { names } = this.#subscription(reply.type);
    const common = this.variant.incremental ? {} : { resourceNames: [...names] };
    const errorDetail = { code: 3, message };
    this.send(reply.type, { ...common, responseNonce: reply.nonce, errorDetail, ...fields });
  }

  /** The next response of that type. */
  async next(type: ResourceType): Promise<Reply> {
    const find = () => this.#unread.find((reply) => reply.type === type);
    await until(() => find() !== undefined || this.errors.length > 0, {
      signal: AbortSignal.timeout(10_000),
      interval: 2,
      message: `a response of type ${type}`,
    });
    const reply = find();
    if (reply === undefined) throw this.errors[0] ?? new Error('No response');
    this.#unread.splice(this.#unread.indexOf(reply), 1);
    this.#subscription(type).last = reply;
    return reply;
  }

  /** The next response of that type, accepted. */
  async accept(type: ResourceType): Promise<Reply> {
    const reply = await this.next(type);
    this.ack(reply);
    return reply;
  }

  /** The next `count` responses of any type, in their order, each accepted. */
  async order(count: number): Promise<Reply[]> {
    const replies: Reply[] = [];
    while (replies.length < count) {
      await until(() => this.#unread.length > 0, {
        signal: AbortSignal.timeout(10_000),
        interval: 2,
        message: `${count} responses; there were ${replies.map(({ type }) => type)}`,
      });
      const type = this.#unread[0]?.type;
      if (type !== undefined) replies.push(await this.accept(type));
    }
    return replies;
  }

  /** Responses that nobody has read. */
  get unread(): readonly Reply[] {
    return this.#unread;
  }

  /** Whether the type is asked for as a whole. */
  isWildcard(type: ResourceType): boolean {
    return this.#subscription(type).wildcard;
  }

  /** Sends a request as it is. */
  send(type: ResourceType, fields: RequestFields): void {
    const path = pathOf(this.variant, type);
    const opened = this.#streams.get(path);
    const stream = opened ?? this.#open(path);
    const node = opened === undefined ? { node: this.node } : {};
    const request = { typeUrl: TYPE_URLS[type], ...node, ...fields };
    const kind = this.variant.incremental ? DeltaDiscoveryRequest : DiscoveryRequest;
    stream.write(Buffer.from(kind.encode(request).finish()));
  }

  /** Ends all streams; those that come later know nothing of them. */
  disconnect(): void {
    for (const stream of this.#streams.values()) {
      stream.removeAllListeners('data');
      stream.cancel();
    }
    this.#streams.clear();
    this.#subscriptions.clear();
    this.#unread.length = 0;
  }

  [Symbol.dispose](): void {
    this.disconnect();
    this.#client.close();
  }

  #open(path: string): ClientDuplexStream<Buffer, Buffer> {
    const stream = this.#client.makeBidiStreamRequest(path, asIs, asIs);
    this.#streams.set(path, stream);
    stream.on('data', (bytes: Buffer) => {
      this.#unread.push(readReply(bytes, this.variant.incremental));
    });
    stream.on('error', (error: Error) => {
      if (this.#streams.get(path) === stream) this.errors.push(error);
    });
    return stream;
  }

  #sayNames(type: ResourceType): void {
    const { names, last } = this.#subscription(type);
    const answered = { versionInfo: last?.version ?? '', responseNonce: last?.nonce ?? '' };
    this.send(type, { resourceNames: [...names], ...(last === undefined ? {} : answered) });
  }

  #subscription(type: ResourceType): Subscription {
    const known = this.#subscriptions.get(type);
    if (known !== undefined) return known;
    const made = { names: new Set<string>(), wildcard: false, last: undefined };
    this.#subscriptions.set(type, made);
    return made;
  }
}
