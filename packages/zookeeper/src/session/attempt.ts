import type { ConnectRequest, ConnectResponse } from '@meshkeeper/jute';
import type { HostPort } from '../connect-string.ts';
import { Connection } from '../connection/connection.ts';
import type { Network } from '../connection/network.ts';
import { toError } from '../connection/to-error.ts';

/** A server that has answered the handshake. `timeout` 0: the session is gone. */
export interface Established {
  readonly connection: Connection;
  readonly response: ConnectResponse;
}

/** One attempt to reach one server, up to where traffic may begin. The signal ends it. */
export async function attempt(
  host: HostPort,
  hello: ConnectRequest,
  network: Network,
  signal: AbortSignal,
): Promise<Established> {
  const connection = new Connection(await network.open(host, signal));
  const abort = () => connection.destroy(toError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const response = await connection.shakeHands(hello);
    return { connection, response };
  } catch (error) {
    connection.destroy(toError(error));
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
