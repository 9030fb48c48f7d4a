import { lookup as dnsLookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import type { HostPort } from '../connect-string.ts';
import { toError } from './to-error.ts';

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** What opens sockets needs to know. */
export interface NetworkOptions {
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** In [0, 1). */
  readonly random: () => number;
}

const systemLookup: Lookup = async (host) =>
  (await dnsLookup(host, { all: true })).map(({ address }) => address);

/** Opens sockets to servers. A name is looked up at every attempt, and any of its addresses taken. */
export class Network {
  readonly #lookup: Lookup;
  readonly #random: () => number;

  constructor({ lookup = systemLookup, random }: NetworkOptions) {
    this.#lookup = lookup;
    this.#random = random;
  }

  /** An open socket. The signal ends the attempt. @throws what the network says; the reason. */
  async open({ host, port }: HostPort, signal: AbortSignal): Promise<Socket> {
    const address = await this.#resolve(host, signal);
    signal.throwIfAborted();
    return opened(connect({ host: address, port }), 'connect', signal);
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
