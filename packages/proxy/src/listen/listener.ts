import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { FilterChain } from '../config/filter-chain.ts';
import type { ListenerConfig } from '../config/listener-config.ts';
import { ProxyError } from '../proxy-error.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { ChainService } from './chain-service.ts';
import { clientFacts } from './client-connection.ts';
import { type FirstBytes, peek } from './first-bytes.ts';
import { type HttpEnvironment, HttpService } from './http-service.ts';
import { type TcpEnvironment, TcpService } from './tcp-service.ts';
import { TlsService } from './tls-service.ts';

/** What listeners take from outside. */
export interface ListenerEnvironment extends HttpEnvironment, TcpEnvironment {
  cluster(name: string): Cluster | undefined;
  /** A certificate of a listener can't be used. */
  certificateFailed(listener: string, detail: string): void;
}

/** What takes requests as a listener's configuration says. */
export interface BoundListener {
  /** What it does. */
  readonly config: ListenerConfig;
  readonly address: { readonly address: string; readonly port: number };
  /** Prepares a new configuration with the same address, in force when what this gives is called. */
  prepare(config: ListenerConfig): Promise<() => void>;
  /** Takes no more, and lets requests finish for up to `drainTimeout` milliseconds. */
  close(drainTimeout: number): Promise<void>;
}

/** A filter chain with what does its work. */
interface OpenChain {
  readonly chain: FilterChain;
  readonly service: ChainService;
  readonly tls: TlsService | undefined;
}

/** Connections that a listener has at once; more are refused. */
const MAX_CONNECTIONS = 50_000;
/** Milliseconds that a client has to say what it wants, where that decides. Envoy's. */
const FIRST_BYTES_TIMEOUT = 15_000;

/** A bound listener: takes connections, finds their filter chain, and drains. */
export class Listener implements BoundListener {
  readonly #server: Server;
  readonly #environment: ListenerEnvironment;
  readonly #sockets = new Set<Socket>();
  /** Those that have not said anything yet. */
  readonly #silent = new Set<Socket>();
  #config: ListenerConfig;
  #chains: ReadonlyMap<FilterChain, OpenChain> = new Map();
  #closed: Promise<void> | undefined;

  private constructor(config: ListenerConfig, environment: ListenerEnvironment) {
    this.#config = config;
    this.#environment = environment;
    this.#server = createServer({ noDelay: true }, (socket) => this.#connected(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Binds the address of `config`.
   *
   * @throws ProxyError `port-busy` or `bind-failed`, with a sentence for whoever started it.
   */
  static async bind(config: ListenerConfig, environment: ListenerEnvironment): Promise<Listener> {
    const listener = new Listener(config, environment);
    listener.#chains = await listener.#openChains(config);
    const server = listener.#server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ host: config.address, port: config.port, backlog: 1024 }, resolve);
    try {
      await promise;
    } catch (cause) {
      for (const { tls } of listener.#chains.values()) tls?.close();
      throw bindError(config, cause);
    }
    server.removeListener('error', reject);
    server.on('error', () => {
      // Accepting failed (too many open files): what is open goes on.
    });
    return listener;
  }

  /** What it does. */
  get config(): ListenerConfig {
    return this.#config;
  }

  /** The address that is bound. */
  get address(): { readonly address: string; readonly port: number } {
    // A TCP server that listens has an address of this kind.
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  /**
   * Prepares a new configuration with the same address, which is in force when what this gives is
   * called. Connections go on, as far as that changes nothing for them.
   */
  async prepare(config: ListenerConfig): Promise<() => void> {
    const chains = await this.#openChains(config);
    return () => {
      const before = this.#chains;
      this.#config = config;
      this.#chains = chains;
      const now = [...chains.values()];
      for (const { service, tls } of before.values()) {
        if (!now.some((each) => each.tls === tls)) tls?.close();
        if (!now.some((each) => each.service === service)) service.drain();
      }
      for (const { chain, service } of now) service.take(chain);
    };
  }

  /**
   * Stops accepting, closes connections without a request at once, lets requests finish for up to
   * `drainTimeout` milliseconds, then drops the rest. The second call waits for the first.
   */
  close(drainTimeout: number): Promise<void> {
    this.#closed ??= this.#drain(drainTimeout);
    return this.#closed;
  }

  async #drain(drainTimeout: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const { service, tls } of this.#chains.values()) {
      tls?.close();
      service.drain();
    }
    for (const socket of this.#silent) socket.destroy();
    const deadline = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, drainTimeout);
    await closed;
    clearTimeout(deadline);
  }

  /** Chains with their services: those that there are, as far as they can go on. */
  async #openChains(config: ListenerConfig): Promise<Map<FilterChain, OpenChain>> {
    const known = new Map([...this.#chains.values()].map((each) => [each.chain.name, each]));
    const open = config.chains.map(async (chain) => {
      const before = known.get(chain.name);
      return this.#openChain(chain, before?.service.canTake(chain) ? before : undefined);
    });
    return new Map((await Promise.all(open)).map((each) => [each.chain, each]));
  }

  async #openChain(chain: FilterChain, before: OpenChain | undefined): Promise<OpenChain> {
    const service = before?.service ?? this.#newService(chain);
    if (!chain.tls) return { chain, service, tls: undefined };
    if (before?.tls?.serves(chain.tls)) return { chain, service, tls: before.tls };
    const tls = await TlsService.open(chain.tls, {
      secured: (socket, http2) => service.accept(socket, clientFacts(socket, true), http2),
      failed: (detail) => this.#environment.certificateFailed(this.#config.name, detail),
    });
    return { chain, service, tls };
  }

  #newService({ network }: FilterChain): ChainService {
    return network.type === 'http'
      ? new HttpService(network, this.#environment)
      : new TcpService(network, this.#environment);
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {
      // What follows is the close.
    });
    const { index } = this.#config;
    if (index.needsFirstBytes) {
      this.#peek(socket, FIRST_BYTES_TIMEOUT, (first) =>
        this.#handOver(socket, this.#find(first), first),
      );
      return;
    }
    const found = this.#find(OTHER);
    const network = found?.chain.network;
    if (!found?.chain.tls && network?.type === 'http' && network.codec.codec === 'auto') {
      const timeout = network.codec.requestHeadersTimeout;
      this.#peek(socket, timeout, (first) => this.#handOver(socket, found, first));
    } else this.#handOver(socket, found, OTHER);
  }

  #peek(socket: Socket, timeout: number, found: (first: FirstBytes) => void): void {
    this.#silent.add(socket);
    socket.on('close', () => this.#silent.delete(socket));
    peek(socket, timeout, (first) => {
      this.#silent.delete(socket);
      found(first);
    });
  }

  #find(first: FirstBytes): OpenChain | undefined {
    const { index } = this.#config;
    const chain = index.find(
      first.type === 'tls'
        ? { transport: 'tls', serverName: first.serverName }
        : { transport: 'raw', serverName: undefined },
    );
    return chain && this.#chains.get(chain);
  }

  #handOver(socket: Socket, found: OpenChain | undefined, first: FirstBytes): void {
    if (!found) socket.destroy();
    else if (found.tls) found.tls.accept(socket);
    else found.service.accept(socket, clientFacts(socket, false), first.type === 'http2');
  }
}

const OTHER: FirstBytes = { type: 'other' };

function bindError(config: ListenerConfig, cause: unknown): ProxyError {
  const at = `${config.address}:${config.port}`;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'EADDRINUSE') {
    const message = `The port of the listener ${config.name}, ${at}, is busy: stop what uses it or choose another.`;
    return new ProxyError('port-busy', message, { cause });
  }
  const told = cause instanceof Error ? cause.message : String(cause);
  const message = `The listener ${config.name} cannot listen on ${at}: ${told}.`;
  return new ProxyError('bind-failed', message, { cause });
}
