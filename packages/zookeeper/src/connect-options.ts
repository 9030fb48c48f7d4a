import { parseConnectString } from './connect-string.ts';
import { type Lookup, Network } from './connection/network.ts';
import { toError } from './connection/to-error.ts';
import { type Logger, silent } from './logger.ts';
import type { Observer } from './observe/observer.ts';
import { type SaslOptions, validateSasl } from './sasl/sasl-options.ts';
import type { SessionOptions } from './session/session.ts';
import { type SecureContexts, secureContexts } from './tls/secure-contexts.ts';
import type { TlsOptions } from './tls/tls-options.ts';
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
   * Resolves without a connection: it is sought in the background, and calls wait for it as they wait
   * while it is away. For programs that have something to do until ZooKeeper is there. Default false.
   */
  readonly background?: boolean;
  /**
   * Also uses servers that have lost their quorum and run in read-only mode (`readonlymode.enabled`):
   * reads are old, writes fail with NOT_READONLY, the state says `readOnly: true`. A server that
   * serves writes is searched for meanwhile. Read-only servers take new sessions only: one that the
   * ensemble knows goes on elsewhere or expires first (see `onExpired`), and one that began at a
   * read-only server gets another id at the next. Default false.
   */
  readonly canBeReadOnly?: boolean;
  /**
   * Speaks TLS: PEM texts, PEM files, or a context of Node's. `{}` is TLS with the authorities that
   * Node knows. Servers' names are checked. Default: no TLS.
   */
  readonly tls?: TlsOptions;
  /**
   * Authenticates every connection by SASL before anything else goes over it. Refused credentials
   * end the session: state `auth-failed`, calls fail with AUTH_FAILED. So does a server that wants
   * some, at the first call or ping; that call fails with SESSION_CLOSED_REQUIRE_SASL_AUTH.
   */
  readonly sasl?: SaslOptions;
  /**
   * Requests that may be unanswered at a time. Further calls wait in their order, and so do all while
   * the connection is away: until there is room, their signal aborts, or the session ends. Default
   * 10,000.
   */
  readonly maxInFlight?: number;
  /**
   * Calls that may wait at a time. One more fails at once with QUEUE_FULL, so that a program that asks
   * faster than it is answered learns it before its memory is full. 0: no call waits. Default 100,000.
   */
  readonly maxWaiting?: number;
  /**
   * Longest random pause before a reconnect, in milliseconds, so that the clients of a lost server
   * don't come as a herd (1,000 in the Java client). Default 200. Each time that every server was
   * tried in vain, a second is added.
   */
  readonly reconnectJitter?: number;
  /** All addresses of a host name, asked before every attempt. Default: the system's resolver. */
  readonly lookup?: Lookup;
  readonly logger?: Logger;
  /** What sees the client at work: `ClientMetrics`, `spans()`, `packetTrace()`. Default none. */
  readonly observers?: readonly Observer[];
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * What a session is made of, complete.
 * @throws ZooKeeperError INVALID_ARGUMENT that names every option that makes no sense.
 */
export async function parseConnectOptions(options: ConnectOptions): Promise<SessionOptions> {
  const { random = Math.random, lookup } = options;
  const tls = options.tls && (await parseTls(options.tls));
  const { sessionTimeout = 10_000, reconnectJitter = 200 } = options;
  const { maxInFlight = 10_000, maxWaiting = 100_000 } = options;
  const connect = parseConnectString(options.connect);
  if (options.sasl !== undefined) validateSasl(options.sasl);
  const faults = [
    ...whole('sessionTimeout', sessionTimeout, 1),
    ...whole('maxInFlight', maxInFlight, 1),
    ...whole('maxWaiting', maxWaiting, 0),
    ...whole('reconnectJitter', reconnectJitter, 0),
  ];
  if (faults.length > 0) {
    const detail = faults.join('; ');
    throw new ZooKeeperError('INVALID_ARGUMENT', { operation: 'connect', detail });
  }
  return {
    connect,
    network: new Network({ lookup, tls, random }),
    sasl: options.sasl,
    timeout: sessionTimeout,
    onExpired: options.onExpired ?? 'close',
    canBeReadOnly: options.canBeReadOnly ?? false,
    maxInFlight,
    maxWaiting,
    reconnectJitter,
    logger: options.logger ?? silent,
    random,
  };
}

async function parseTls(tls: TlsOptions): Promise<SecureContexts> {
  try {
    const contexts = secureContexts(tls);
    await contexts.check();
    return contexts;
  } catch (cause) {
    const detail = `tls: ${toError(cause).message}`;
    throw new ZooKeeperError('INVALID_ARGUMENT', { operation: 'connect', detail, cause });
  }
}

function whole(name: string, value: number, least: number): string[] {
  return Number.isInteger(value) && value >= least && value <= 0x7fff_ffff
    ? []
    : [`${name} is ${value}: write a whole number, ${least} or more`];
}
