import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../free-port.ts';
import { Relay, type RelayFaults } from './relay.ts';
import { reset } from './reset.ts';

/** Where a TCP server listens. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The ways of a fault proxy. */
export type Direction = 'to server' | 'to client';

/** How a fault proxy is started. */
export interface FaultProxyOptions {
  /** Where connections go. */
  target: Target;
  /** Closes the proxy. */
  signal?: AbortSignal | undefined;
}

/** A TCP proxy between a client and a server that breaks what it is told to break. */
export interface FaultProxy extends AsyncDisposable {
  /** Where it listens on 127.0.0.1; it stays the same. */
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly connect: string;
  /** Connections that are open now. */
  readonly connections: number;
  /** Connections that were ever accepted. */
  readonly accepted: number;
  /** Resets every connection. New ones are accepted. */
  cut(): void;
  /** New connections are refused, as if nobody listened. Open ones go on. */
  refuse(): void;
  /** Ends {@link refuse}; resolves when new connections are accepted. */
  accept(): Promise<void>;
  /**
   * Forwards nothing any more, in both directions or in one, not even that a side has closed.
   * Connections, also new ones, stay open: a network that loses every packet.
   */
  stall(direction?: Direction): void;
  /** Ends every {@link stall}: what was held back is forwarded. */
  unstall(): void;
  /** Everything that arrives from now on takes so many milliseconds longer. 0 ends it. */
  delay(milliseconds: number): void;
  /** The next connection gets `afterBytes` bytes from the server, and then a reset. */
  closeMidFrame(afterBytes: number): void;
  /** Where connections go from now on. Open ones stay where they are. */
  setTarget(target: Target): void;
  /** Resets every connection and stops listening. */
  close(): Promise<void>;
}

/** Starts a {@link FaultProxy} that forwards faithfully until it is told otherwise. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  options.signal?.throwIfAborted();
  const proxy = new ListeningProxy(options.target, await freePort());
  await proxy.accept();
  options.signal?.addEventListener('abort', () => void proxy.close(), { once: true });
  return proxy;
}

class ListeningProxy implements FaultProxy {
  readonly port: number;
  readonly connect: string;
  readonly #faults: Readonly<Record<Direction, RelayFaults>> = {
    'to server': { stalled: false, delay: 0 },
    'to client': { stalled: false, delay: 0 },
  };
  readonly #open = new Map<Socket, { upstream: Socket; relays: readonly Relay[] }>();
  #target: Target;
  #server: Server | undefined;
  #accepted = 0;
  #resetNextAfter = Infinity;

  constructor(target: Target, port: number) {
    this.#target = target;
    this.port = port;
    this.connect = `127.0.0.1:${port}`;
  }

  get connections(): number {
    return this.#open.size;
  }

  get accepted(): number {
    return this.#accepted;
  }

  cut(): void {
    for (const [client, { upstream }] of this.#open) {
      reset(client);
      reset(upstream);
    }
  }

  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  async accept(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#forward(client),
    );
    this.#server.listen({ port: this.port, host: '127.0.0.1', exclusive: true });
    await once(this.#server, 'listening');
  }

  stall(direction?: Direction): void {
    if (direction === undefined) for (const faults of this.#ways) faults.stalled = true;
    else this.#faults[direction].stalled = true;
    this.#pump();
  }

  unstall(): void {
    for (const faults of this.#ways) faults.stalled = false;
    this.#pump();
  }

  delay(milliseconds: number): void {
    for (const faults of this.#ways) faults.delay = milliseconds;
  }

  closeMidFrame(afterBytes: number): void {
    this.#resetNextAfter = afterBytes;
  }

  setTarget(target: Target): void {
    this.#target = target;
  }

  async close(): Promise<void> {
    this.refuse();
    const sockets = [...this.#open].flatMap(([client, { upstream }]) => [client, upstream]);
    const gone = sockets.filter(({ closed }) => !closed).map((socket) => once(socket, 'close'));
    this.cut();
    await Promise.allSettled(gone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #ways(): readonly RelayFaults[] {
    return Object.values(this.#faults);
  }

  #forward(client: Socket): void {
    this.#accepted++;
    const { host, port } = this.#target;
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const relays = [
      new Relay(client, upstream, this.#faults['to server']),
      new Relay(upstream, client, this.#faults['to client'], this.#resetNextAfter),
    ];
    this.#resetNextAfter = Infinity;
    this.#open.set(client, { upstream, relays });
    // Both sides: during a stall one of them may be gone without the other knowing.
    const forget = () => client.closed && upstream.closed && this.#open.delete(client);
    client.once('close', forget);
    upstream.once('close', forget);
    for (const relay of relays) relay.pump();
  }

  #pump(): void {
    for (const { relays } of this.#open.values()) for (const relay of relays) relay.pump();
  }
}
