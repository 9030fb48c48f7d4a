import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { RESOURCE_TYPES, type ResourceType, resourceTypeOf, type Variant } from '@meshkeeper/xds';
import { Deframer, field, grpcMessage, visitFields } from './wire.ts';

const ADS = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const PATHS = {
  sotw: `${ADS}/StreamAggregatedResources`,
  delta: `${ADS}/DeltaAggregatedResources`,
} as const;

/** A resource that a sidecar was sent. */
export interface SentResource {
  readonly name: string;
  /** Only where the protocol has one for each. */
  readonly version: string;
  /** A `google.protobuf.Any`. */
  readonly any: Buffer;
}

/** What is heard of a sidecar. */
export interface SidecarListener {
  resource?(sidecar: Sidecar, type: ResourceType, resource: SentResource): void;
  /** It was sent a response, whose resources were told, and has acknowledged it. */
  response?(sidecar: Sidecar, type: ResourceType): void;
  /** Its stream has ended; with the milliseconds after which the server wants it back. */
  ended?(sidecar: Sidecar, retryAfter: number): void;
}

/** Names to ask for, as they are sent; shared by the sidecars that ask for the same. */
const encodedNames = new WeakMap<readonly string[], Buffer>();

/**
 * One stream as an Envoy has it: it acknowledges all that it is sent and looks into nothing, so that
 * a thousand of them cost less than what serves them.
 */
export class Sidecar {
  readonly variant: Variant;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #listener: SidecarListener;
  readonly #deframer = new Deframer();
  /** The names that were asked for, as a request of the state of the world repeats them. */
  readonly #asked = new Map<ResourceType, Buffer>();
  #introduced = false;

  constructor(session: ClientHttp2Session, variant: Variant, listener: SidecarListener) {
    this.variant = variant;
    this.#session = session;
    this.#listener = listener;
    this.#stream = session.request({
      ...{ ':method': 'POST', ':path': PATHS[variant] },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    });
    this.#stream.on('data', (chunk: Buffer) => {
      for (const message of this.#deframer.push(chunk)) this.#receive(message);
    });
    let pushback = 0;
    const note = (headers: IncomingHttpHeaders) => {
      pushback = Number(headers['grpc-retry-pushback-ms'] ?? pushback);
    };
    this.#stream.on('response', note).on('trailers', note);
    this.#stream.on('error', () => {}); // the close that follows is what is told
    // When the server has ended it, nothing is left to be said.
    this.#stream.on('end', () => this.#stream.close());
    this.#stream.on('close', () => listener.ended?.(this, pushback));
  }

  /** Asks for these, or for all without names; `known` is what {@link knownVersions} makes. */
  subscribe(type: ResourceType, names: readonly string[] = ALL, known?: Buffer): void {
    const { typeUrl } = RESOURCE_TYPES[type];
    const node = field(1, 'bench');
    let asked = encodedNames.get(names);
    if (asked === undefined) {
      asked = Buffer.concat(names.map((name) => field(3, name)));
      encodedNames.set(names, asked);
    }
    this.#asked.set(type, asked);
    if (this.variant === 'sotw') {
      const parts = [asked, field(4, typeUrl)];
      this.#write(this.#introduced ? parts : [field(2, node), ...parts]);
    } else {
      const parts = [field(2, typeUrl), asked, ...(known === undefined ? [] : [known])];
      this.#write(this.#introduced ? parts : [field(1, node), ...parts]);
    }
    this.#introduced = true;
  }

  /** Another stream in its place, on the same connection; undefined when that has ended. */
  again(): Sidecar | undefined {
    if (this.#session.destroyed) return undefined;
    return new Sidecar(this.#session, this.variant, this.#listener);
  }

  #write(parts: readonly Buffer[]): void {
    this.#stream.write(grpcMessage(Buffer.concat(parts)));
  }

  #receive(message: Buffer): void {
    let typeUrl = '';
    let version: Buffer | undefined;
    let nonce: Buffer | undefined;
    const resources: SentResource[] = [];
    const isDelta = this.variant === 'delta';
    visitFields(message, 0, message.length, (id, start, end) => {
      if (id === 1) version = message.subarray(start, end);
      else if (id === 2)
        resources.push(isDelta ? wrapped(message, start, end) : bare(message, start, end));
      else if (id === 4) typeUrl = message.toString('latin1', start, end);
      else if (id === 5) nonce = message.subarray(start, end);
    });
    const type = resourceTypeOf(typeUrl);
    if (type === undefined || nonce === undefined) throw new Error('A response without a type');
    for (const each of resources) this.#listener.resource?.(this, type, each);
    const ack = isDelta
      ? [field(2, typeUrl), field(6, nonce)]
      : [
          field(1, version ?? ''),
          this.#asked.get(type) ?? Buffer.alloc(0),
          field(4, typeUrl),
          field(5, nonce),
        ];
    // What has come for others is not to wait for it: they are others' processes, where this is real.
    setImmediate(() => {
      if (!this.#stream.destroyed) this.#write(ack);
      this.#listener.response?.(this, type);
    });
  }
}

const ALL: readonly string[] = [];

/** The versions of a life before, as a first incremental request states them. */
export function knownVersions(versions: ReadonlyMap<string, string>): Buffer {
  const entries = [...versions].map(([name, version]) =>
    field(5, Buffer.concat([field(1, name), field(2, version)])),
  );
  return Buffer.concat(entries);
}

/** The resource of a message `Resource`. */
function wrapped(bytes: Buffer, from: number, to: number): SentResource {
  let name = '';
  let version = '';
  let any = bytes;
  visitFields(bytes, from, to, (id, start, end) => {
    if (id === 1) version = bytes.toString('latin1', start, end);
    else if (id === 2) any = bytes.subarray(start, end);
    else if (id === 3) name = bytes.toString('latin1', start, end);
  });
  return { name, version, any };
}

/** An `Any`, and the name in it: the first field of all types of resources. */
function bare(bytes: Buffer, from: number, to: number): SentResource {
  let name = '';
  visitFields(bytes, from, to, (id, start) => {
    if (id !== 2) return;
    // The length of a name is less than 128 here.
    name = bytes.toString('latin1', start + 2, start + 2 + (bytes[start + 1] ?? 0));
  });
  return { name, version: '', any: bytes.subarray(from, to) };
}
