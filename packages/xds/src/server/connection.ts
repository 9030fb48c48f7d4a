import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { DeltaDiscoveryRequest } from '../codec/messages.ts';
import type { Clock, Logger } from '../logger.ts';
import type { DiscoveryStream } from './discovery-stream.ts';
import type { XdsObserver } from './observer.ts';
import type {
  ConnectedProxy,
  ProxyStatus,
  ResourceNames,
  StreamResources,
} from './proxy-status.ts';
import { RequestReader } from './request-reader.ts';
import type { DiscoveryMethod } from './services.ts';

/** What a connection needs of its server. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: XdsObserver;
  /** False until there is something to serve. */
  readonly isReady: () => boolean;
  readonly closed: (connection: Connection) => void;
}

/** A gRPC stream with its protocol state: bytes in, bytes out, one write under way at a time. */
export class Connection {
  /** Unique among the streams of its server. */
  readonly serial: number;
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #method: DiscoveryMethod;
  readonly #stream: DiscoveryStream;
  readonly #context: ConnectionContext;
  readonly #connectedSince: number;
  readonly #reader = new RequestReader();
  #proxy: ConnectedProxy | undefined;
  #later: NodeJS.Timeout | undefined;
  /** When {@link #later} comes back. */
  #laterAt = 0;
  /** When the write that is under way began; undefined when there is none. */
  #writingSince: number | undefined;
  /** The applied revision that the observer was told. */
  #applied: number | undefined;
  #ended = false;

  constructor(
    call: ServerDuplexStream<Buffer, Buffer>,
    method: DiscoveryMethod,
    stream: DiscoveryStream,
    serial: number,
    context: ConnectionContext,
  ) {
    this.#call = call;
    this.#method = method;
    this.#stream = stream;
    this.serial = serial;
    this.#context = context;
    this.#connectedSince = context.clock();
    call.on('data', (bytes: Buffer) => this.#receive(bytes));
    call.on('end', () => this.end());
    call.on('cancelled', () => this.#finish());
    call.on('close', () => this.#finish());
    call.on('error', () => this.#finish());
  }

  /** What is known of the proxy; undefined before its first request. */
  status(): ProxyStatus | undefined {
    const { appliedRevision } = this.#stream;
    const types = this.#stream.status();
    return (
      this.#proxy && { ...this.#proxy, appliedRevision, types, refused: this.#stream.refused() }
    );
  }

  /** The node and what is known of each of its resources; undefined before its first request. */
  resources(only?: ResourceNames): StreamResources | undefined {
    if (this.#proxy === undefined) return undefined;
    return { node: this.#stream.node, resources: this.#stream.resources(only) };
  }

  /** Sends what there is to send, as far as the socket takes it. */
  flush(): void {
    if (this.#ended || this.#writingSince !== undefined || !this.#context.isReady()) return;
    const now = this.#context.clock();
    const frame = this.#stream.next(now);
    if (frame === undefined) {
      this.#tellApplied();
      this.#flushLater(now);
      return;
    }
    this.#writingSince = now;
    this.#call.write(frame.bytes, () => {
      this.#writingSince = undefined;
      this.flush();
    });
  }

  /** Says which revision the proxy has applied, when that is a newer one. */
  #tellApplied(): void {
    const { clock, observer } = this.#context;
    if (observer.applied === undefined || this.#proxy === undefined) return;
    const { appliedRevision: revision } = this.#stream;
    if (revision === undefined || revision === this.#applied) return;
    this.#applied = revision;
    observer.applied({ proxy: this.#proxy, revision, at: clock() });
  }

  /** Comes back for what a response holds back that nobody has judged yet. */
  #flushLater(now: number): void {
    const until = this.#stream.heldUntil(now);
    if (until === undefined) return;
    // Endpoints are held more shortly than what was held before them.
    if (this.#later !== undefined && this.#laterAt <= until) return;
    clearTimeout(this.#later);
    this.#laterAt = until;
    this.#later = setTimeout(
      () => {
        this.#later = undefined;
        this.flush();
      },
      until - now + 1,
    ).unref();
  }

  /** Ends it when its socket has taken nothing for `timeout` milliseconds. */
  endIfStalled(timeout: number): void {
    if (this.#writingSince === undefined) return;
    if (this.#context.clock() - this.#writingSince < timeout) return;
    const { id, peer } = this.#proxy ?? { id: '', peer: '' };
    this.#context.logger.warn({ proxy: id, peer }, 'ending a stream that takes nothing');
    this.#fail(status.RESOURCE_EXHAUSTED, 'The stream took nothing for too long');
    this.#call.destroy();
  }

  /** Ends it: in order when the proxy ended its half, or as unavailable, so that it reconnects. */
  end(reason?: string): void {
    if (this.#ended) return;
    if (reason === undefined) this.#call.end();
    else this.#fail(status.UNAVAILABLE, reason);
    this.#finish();
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    const { clock, logger, observer } = this.#context;
    const now = clock();
    try {
      const { variant } = this.#method;
      const request =
        variant === 'sotw' ? this.#reader.read(bytes) : DeltaDiscoveryRequest.decode(bytes);
      const typeUrl = this.#method.typeUrl ?? request.typeUrl ?? '';
      request.typeUrl = typeUrl;
      const verdict = this.#stream.receive(request, now);
      const proxy = this.#proxy ?? this.#introduce();
      if (verdict !== undefined) {
        const { version, names, sentAt } = verdict.response;
        const event = { proxy, typeUrl, version, names, sentAt };
        if (verdict.type === 'acked') {
          observer.acked?.({ ...event, ackedAt: now });
          this.#tellApplied();
        } else {
          const { message } = verdict;
          logger.warn({ proxy: proxy.id, type: typeUrl, names, message }, 'rejected');
          observer.nacked?.({ ...event, nackedAt: now, message });
        }
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.warn({ proxy: this.#proxy?.id, error: message }, 'ending a stream: bad request');
      this.#fail(status.INVALID_ARGUMENT, message);
      this.#finish();
      return;
    }
    this.flush();
  }

  #introduce(): ConnectedProxy {
    const { node } = this.#stream;
    const { region, zone, subZone } = node.locality ?? {};
    const build = node.userAgentBuildVersion?.version;
    const version = build && `${build.majorNumber}.${build.minorNumber}.${build.patch}`;
    this.#proxy = {
      stream: this.serial,
      variant: this.#method.variant,
      id: node.id ?? '',
      cluster: node.cluster ?? '',
      locality: { region: region ?? '', zone: zone ?? '', subzone: subZone ?? '' },
      userAgent: node.userAgentName ?? '',
      userAgentVersion: node.userAgentVersion || version || '',
      peer: this.#call.getPeer(),
      connectedSince: this.#connectedSince,
    };
    this.#context.observer.connected?.(this.#proxy);
    return this.#proxy;
  }

  #fail(code: status, details: string): void {
    // This is how grpc-js takes a status other than OK of a stream.
    this.#call.emit('error', { code, details });
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.close();
    clearTimeout(this.#later);
    this.#context.closed(this);
    if (this.#proxy !== undefined) this.#context.observer.disconnected?.(this.#proxy);
  }
}
