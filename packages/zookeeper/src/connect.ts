import { type CallOptions, ZooKeeper } from './client.ts';
import { parseConnectString } from './connect-string.ts';
import { type Lookup, Network } from './connection/network.ts';
import { type Logger, silent } from './logger.ts';
import { Session } from './session/session.ts';
import { ZooKeeperError } from './zookeeper-error.ts';

/** How to connect. */
export interface ConnectOptions {
  /** `host:port,host:port/chroot`; a port left out is 2181. */
  readonly connect: string;
  /** Session timeout to ask for, in milliseconds; the server has the last word. Default 10,000. */
  readonly sessionTimeout?: number;
  /**
   * What follows on the session's expiry. `close` (default): every later call fails with
   * SESSION_EXPIRED. `renew`: a new session is opened; persistent watches are set again and told
   * `reset`, one-shot watches end with `reset`, ephemerals are the caller's to create again. Both
   * show the state `expired` first.
   */
  readonly onExpired?: 'close' | 'renew';
  /**
   * Requests that may be unanswered at a time. Further calls wait in their order, and so do all while
   * the connection is away. Default 10,000.
   */
  readonly maxInFlight?: number;
  /**
   * Longest random pause before a reconnect, in milliseconds, so that the clients of a lost server
   * don't come as a herd (1,000 in the Java client). Default 200. Once every server was tried in vain,
   * a second is added.
   */
  readonly reconnectJitter?: number;
  /** All addresses of a host name, asked before every attempt. Default: the system's resolver. */
  readonly lookup?: Lookup;
  readonly logger?: Logger;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Opens a session. Resolves when it is established; tries every server, again and again, until the
 * signal aborts.
 * @throws ZooKeeperError INVALID_ARGUMENT for a connect string that is none; the signal's reason.
 */
export async function connect(
  options: ConnectOptions,
  { signal }: CallOptions = {},
): Promise<ZooKeeper> {
  const { random = Math.random, lookup } = options;
  const session = new Session({
    connect: parseConnectString(options.connect),
    network: new Network({ lookup, random }),
    timeout: options.sessionTimeout ?? 10_000,
    onExpired: options.onExpired ?? 'close',
    maxInFlight: options.maxInFlight ?? 10_000,
    reconnectJitter: options.reconnectJitter ?? 200,
    logger: options.logger ?? silent,
    random,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = session.onState((state) => {
    if (state.type === 'connected') resolve();
    else if (state.type === 'auth-failed') reject(new ZooKeeperError('AUTH_FAILED'));
  });
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    session.start();
    await promise;
    return new ZooKeeper(session);
  } catch (error) {
    await session.close();
    throw error;
  } finally {
    stop();
    signal?.removeEventListener('abort', abort);
  }
}
