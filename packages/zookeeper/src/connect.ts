import { ZooKeeper } from './client.ts';
import { type ConnectOptions, parseConnectOptions } from './connect-options.ts';
import { combined } from './observe/observer.ts';
import type { CallOptions } from './operations/options.ts';
import { finalError } from './session/final-error.ts';
import { Session } from './session/session.ts';

/**
 * Opens a session. Resolves when it is established (see `background`); tries every server, again and again, until the
 * signal aborts. A `TimeoutError` or `AbortError` of the signal's then says what the last attempt
 * failed with, in its message and as its cause; another reason is thrown as it is.
 * @throws ZooKeeperError INVALID_ARGUMENT for options that make no sense, AUTH_FAILED when a server
 * refuses the credentials; the signal's reason.
 */
export async function connect(
  options: ConnectOptions,
  { signal }: CallOptions = {},
): Promise<ZooKeeper> {
  const session = new Session(await parseConnectOptions(options));
  const zk = new ZooKeeper(session, combined(options.observers ?? []));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = session.onState((state) => {
    if (state.type === 'connected') resolve();
    else if (state.type === 'auth-failed') reject(finalError(state, { operation: 'connect' }));
  });
  const abort = () => reject(withCause(signal?.reason, session.lastFailure));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    session.start();
    if (options.background !== true) await promise;
    return zk;
  } catch (error) {
    await session.close();
    throw error;
  } finally {
    stop();
    signal?.removeEventListener('abort', abort);
  }
}

/** The reason of an abort with what was in the way. One of the caller's own making stays its own. */
function withCause(reason: unknown, cause: Error | undefined): unknown {
  if (cause === undefined || !(reason instanceof DOMException)) return reason;
  return new DOMException(`${reason.message}: ${cause.message}`, { name: reason.name, cause });
}
