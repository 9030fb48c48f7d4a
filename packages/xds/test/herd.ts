import { Client, type ClientDuplexStream, credentials, type Metadata } from '@grpc/grpc-js';
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '../src/codec/messages.ts';
import { formatHostPort, type HostPort, RESOURCE_TYPES } from '../src/index.ts';
import { bytesMethod, DELTA_ADS } from '../src/server/services.ts';

const { typeUrl } = RESOURCE_TYPES.endpoint;
/** Streams that share a connection: half as many as may, for those that go and come. */
const PER_CONNECTION = 50;

/** One incremental stream of endpoints, which comes back with what it had. */
class HerdStream {
  /** Names of what it was sent, in order. */
  readonly received: string[] = [];
  isOpen = false;
  readonly #versions: Record<string, string> = {};
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** @param refused is called when it was told to come back, with when, in milliseconds */
  open(client: Client, refused: (wait: number) => void): void {
    const { path, requestSerialize, responseDeserialize } = bytesMethod(DELTA_ADS);
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.isOpen = true;
    call.on('data', (bytes: Buffer) => this.#receive(call, bytes));
    call.on('error', ({ metadata }: Error & { metadata: Metadata }) => {
      this.isOpen = false;
      const [wait] = metadata.get('grpc-retry-pushback-ms');
      if (wait !== undefined) refused(Number(wait));
    });
    send(call, {
      ...{ node: { id: 'herd' }, typeUrl, resourceNamesSubscribe: [...this.#names] },
      initialResourceVersions: this.#versions,
    });
  }

  #receive(call: ClientDuplexStream<Buffer, Buffer>, bytes: Buffer): void {
    const { resources, nonce: responseNonce } = DeltaDiscoveryResponse.decode(bytes);
    for (const { name, version } of resources) {
      this.received.push(name ?? '');
      this.#versions[name ?? ''] = version ?? '';
    }
    send(call, { typeUrl, responseNonce });
  }
}

/** Many of them, over some connections. */
export class Herd {
  readonly #streams: readonly HerdStream[];
  #clients: readonly Client[] = [];
  /** How often one was told to come back. */
  refused = 0;

  constructor(count: number, names: readonly string[]) {
    this.#streams = Array.from({ length: count }, () => new HerdStream(names));
  }

  /** All connect at once; who is turned away comes back when it may. */
  connect(to: HostPort): void {
    this.close();
    const count = Math.ceil(this.#streams.length / PER_CONNECTION);
    this.#clients = Array.from({ length: count }, () => {
      const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 };
      return new Client(formatHostPort(to), credentials.createInsecure(), options);
    });
    for (const [i, stream] of this.#streams.entries()) {
      // There are enough.
      const client = this.#clients[Math.floor(i / PER_CONNECTION)] as Client;
      const refused = (wait: number) => {
        this.refused++;
        setTimeout(() => stream.open(client, refused), wait * (1 + Math.random()));
      };
      stream.open(client, refused);
    }
  }

  all(test: (stream: HerdStream) => boolean): boolean {
    return this.#streams.every(test);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

function send(call: ClientDuplexStream<Buffer, Buffer>, request: DeltaDiscoveryRequest): void {
  call.write(Buffer.from(DeltaDiscoveryRequest.encode(request).finish()));
}
