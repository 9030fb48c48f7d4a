import type { ConnectRequest, ConnectResponse } from '@meshkeeper/jute';
import type { HostPort } from '../connect-string.ts';
import { Connection } from '../connection/connection.ts';
import type { Network } from '../connection/network.ts';
import { toError } from '../connection/to-error.ts';
import { authenticate } from '../sasl/authenticate.ts';
import type { SaslOptions } from '../sasl/sasl-options.ts';

/** A server that has answered the handshake. `timeout` 0: the session is gone. */
export interface Established {
  readonly connection: Connection;
  readonly response: ConnectResponse;
}

/** What an attempt needs to know. */
export interface AttemptOptions {
  readonly network: Network;
  readonly sasl: SaslOptions | undefined;
}

/**
 * One attempt to reach one server, up to where traffic may begin. The signal ends it.
 * @throws ZooKeeperError AUTH_FAILED when the server refuses the SASL credentials; what else is in
 * the way.
 */
export async function attempt(
  host: HostPort,
  hello: ConnectRequest,
  { network, sasl }: AttemptOptions,
  signal: AbortSignal,
): Promise<Established> {
  const connection = new Connection(await network.open(host, signal));
  const abort = () => connection.destroy(toError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const response = await connection.shakeHands(hello).catch((error) => {
      // A server that speaks TLS 1.3 refuses a client only now.
      throw network.explain(error);
    });
    if (sasl !== undefined && response.timeout > 0) await authenticate(connection, sasl);
    return { connection, response };
  } catch (error) {
    connection.destroy(toError(error));
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
