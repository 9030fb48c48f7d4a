import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { type ServiceChange, type Snapshot, Xoshiro128 } from '@meshkeeper/mesh';
import { DnsError } from '../dns-error.ts';
import type { Logger } from '../logger.ts';
import { consulGrammar } from '../zone/consul-grammar.ts';
import { meshGrammar } from '../zone/grammar.ts';
import type { Zone } from '../zone/zone.ts';
import { Answerer } from './answerer.ts';
import { Forwarder, type HostPort } from './forwarder.ts';
import { type ClientPlace, Places } from './places.ts';
import { type DnsObserver, Responder } from './responder.ts';
import { TcpListener } from './tcp.ts';
import { UdpListener } from './udp.ts';

/** How a DNS server is started. */
export interface DnsServerOptions {
  /** Where it listens, by UDP and TCP; port 0 takes one that is free for both. */
  readonly listen: HostPort;
  /** The zone that the catalog is shown as. Default `mesh`. */
  readonly zone?: string;
  /** Whether services have names as in Consul's DNS, too: `<alias>.service.consul`. Default false. */
  readonly consul?: boolean;
  /** Milliseconds that an answer may be kept; whole seconds count. Default 0. */
  readonly ttl?: number;
  /** Milliseconds that it may be kept that something is not there. Default 0. */
  readonly negativeTtl?: number;
  /** Where clients are; they are sent to what is near. Default: nobody knows. */
  readonly clients?: readonly ClientPlace[];
  /** Whether resolvers are believed on whose behalf they ask (EDNS client subnet). Default false. */
  readonly clientSubnet?: boolean;
  /** Who is asked about other zones. Default nobody: such questions are refused. */
  readonly forward?: readonly HostPort[];
  /** Milliseconds for an answer of one of them. Default 2,000. */
  readonly forwardTimeout?: number;
  /** Questions that they are asked at once. Default 256. */
  readonly maxForwarded?: number;
  /** Connections at once; more are closed. Default 256. */
  readonly maxConnections?: number;
  /** Milliseconds without a question after which a connection is closed. Default 10,000. */
  readonly idleTimeout?: number;
  /** Names whose answers are kept. Default 20,000. */
  readonly cacheSize?: number;
  readonly observer?: DnsObserver;
  readonly logger: Logger;
}

/** A data plane that speaks DNS. */
export interface DnsServer extends AsyncDisposable {
  /** Where it listens. */
  readonly address: HostPort;
  /** What of a service has no name in DNS, by the service's name. */
  readonly faults: ReadonlyMap<string, string>;
  /**
   * Answers from `snapshot`, which differs from the one before by `changes` (the first time: from
   * none), from now on. Before the first call every question of the zone fails (SERVFAIL).
   */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void;
  /** Ends it. Idempotent. */
  close(): Promise<void>;
}

/** How often a port is looked for that is free for UDP and TCP. */
const ATTEMPTS = 16;

/**
 * Starts a DNS server.
 *
 * @throws DnsError `listen-failed`
 */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { listen, logger, zone = 'mesh', ttl = 0, negativeTtl = 0, forward = [] } = options;
  const host = await addressOf(listen);
  const unspecified = host === '0.0.0.0' || host === '::';
  const mesh: Zone = {
    origin: zone.toLowerCase(),
    grammar: meshGrammar,
    ttl: Math.floor(ttl / 1000),
    negativeTtl: Math.floor(negativeTtl / 1000),
    nameserver: unspecified ? [] : [host],
  };
  const answerer = new Answerer({
    zones: options.consul ? [mesh, { ...mesh, origin: 'consul', grammar: consulGrammar }] : [mesh],
    places: new Places(options.clients ?? []),
    clientSubnet: options.clientSubnet ?? false,
    forwards: forward.length > 0,
    cacheSize: options.cacheSize ?? 20_000,
    random: new Xoshiro128(randomInt(2 ** 32)),
  });
  const forwarder =
    forward.length === 0
      ? undefined
      : new Forwarder({
          servers: forward,
          timeout: options.forwardTimeout ?? 2_000,
          maxInFlight: options.maxForwarded ?? 256,
        });
  const responder = new Responder({
    answerer,
    forwarder,
    observer: options.observer ?? { answered() {} },
    now: () => performance.now(),
  });
  const limits = {
    maxConnections: options.maxConnections ?? 256,
    idleTimeout: options.idleTimeout ?? 10_000,
  };
  const listeners = await open({ host, port: listen.port }, responder, limits, logger);
  return new RunningServer({ host, port: listeners.port }, answerer, logger, async () => {
    forwarder?.close();
    await listeners.close();
  });
}

class RunningServer implements DnsServer {
  readonly address: HostPort;
  readonly #answerer: Answerer;
  readonly #logger: Logger;
  readonly #end: () => Promise<void>;
  /** What was said already. */
  readonly #said = new Map<string, string>();
  #closing: Promise<void> | undefined;

  constructor(address: HostPort, answerer: Answerer, logger: Logger, end: () => Promise<void>) {
    this.address = address;
    this.#answerer = answerer;
    this.#logger = logger;
    this.#end = end;
  }

  get faults(): ReadonlyMap<string, string> {
    return this.#answerer.faults;
  }

  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#answerer.update(snapshot, changes);
    for (const { name } of changes) {
      const fault = this.faults.get(name);
      if (fault === undefined) this.#said.delete(name);
      else if (this.#said.get(name) !== fault) {
        this.#said.set(name, fault);
        this.#logger.warn({ service: name }, `DNS has not all of a service: ${fault}`);
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function addressOf({ host, port }: HostPort): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new DnsError('listen-failed', `there is no host ${host} to listen on port ${port}`, {
      cause,
    });
  }
}

/** Both listeners, at one port. */
async function open(
  { host, port }: HostPort,
  responder: Responder,
  limits: { readonly maxConnections: number; readonly idleTimeout: number },
  logger: Logger,
) {
  for (let attempt = 1; ; attempt++) {
    let udp: UdpListener | undefined;
    try {
      udp = await UdpListener.listen({ host, port }, isIPv6(host) ? 6 : 4, responder, logger);
      const bound = udp.port;
      const tcp = await TcpListener.listen({ host, port: bound }, responder, limits);
      const own = udp;
      return {
        port: bound,
        close: async () => {
          await Promise.all([own.close(), tcp.close()]);
        },
      };
    } catch (cause) {
      await udp?.close();
      if (port === 0 && udp !== undefined && attempt < ATTEMPTS) continue;
      throw new DnsError('listen-failed', `nothing can listen on ${host} at port ${port}`, {
        cause,
      });
    }
  }
}
