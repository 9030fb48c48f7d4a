import { lookup as dnsLookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import type { HostPort } from '../connect-string.ts';
import { explainTls } from '../tls/explain.ts';
import type { SecureContexts } from '../tls/secure-contexts.ts';
import { secureOptions } from '../tls/secure-options.ts';
import { toError } from './to-error.ts';
import { Inlet, Wire } from './wire.ts';

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** What opens sockets needs to know. */
export interface NetworkOptions {
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Default: no TLS. */
  readonly tls?: SecureContexts | undefined;
  /** In [0, 1). */
  readonly random: () => number;
}

/** A socket that is paused reads one chunk more, not 64 KiB. Missing in the types of `net`. */
const QUIET = { readableHighWaterMark: 0 };

const systemLookup: Lookup = async (host) =>
  (await dnsLookup(host, { all: true })).map(({ address }) => address);

/** Opens sockets to servers. A name is looked up at every attempt, and any of its addresses taken. */
export class Network {
  readonly #lookup: Lookup;
  readonly #tls: SecureContexts | undefined;
  readonly #random: () => number;

  constructor({ lookup = systemLookup, tls, random }: NetworkOptions) {
    this.#lookup = lookup;
    this.#tls = tls;
    this.#random = random;
  }

  /** An open connection. The signal ends the attempt. @throws what the network says; the reason. */
  async open({ host, port }: HostPort, signal: AbortSignal): Promise<Wire> {
    const address = await this.#resolve(host, signal);
    const context = await this.#tls?.current();
    signal.throwIfAborted();
    if (this.#tls === undefined) {
      const inlet = new Inlet();
      const plain = connect({ host: address, port, onread: inlet.options });
      return new Wire(await opened(plain, 'connect', signal), inlet);
    }
    const socket = await opened(connect({ host: address, port, ...QUIET }), 'connect', signal);
    try {
      const options = secureOptions(host, this.#tls.peer);
      const secure = secureConnect({ ...options, socket, secureContext: context });
      return new Wire(await opened(secure, 'secureConnect', signal));
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** An error of a connection before its handshake was answered, with what to do about it. */
  explain(error: unknown): Error {
    return this.#tls === undefined ? toError(error) : explainTls(error, this.#tls.certificate);
  }

  async #resolve(host: string, signal: AbortSignal): Promise<string> {
    if (isIP(host) !== 0) return host;
    // The system's resolver can't be stopped: its answer, if it ever comes, is for nobody.
    const addresses = await unlessAborted(this.#lookup(host), signal);
    const address = addresses[Math.floor(this.#random() * addresses.length)];
    if (address === undefined) throw new Error(`the name ${host} has no address`);
    return address;
  }
}

/** Waits for a socket's `event`; a socket that ends first, or is aborted, is an error. */
async function opened<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  // They stay: between here and its first user, no error of the socket's is without a listener.
  socket.once(event, () => resolve(socket));
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the server closed the connection')));
  try {
    return await unlessAborted(promise, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(toError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
