import { connect } from 'node:net';

/**
 * Asks a ZooKeeper server a four-letter word (`ruok`, `srvr`, `mntr`, `cons`, `wchp`, …) and
 * returns its answer. Rejects if nobody listens, or after `timeout` ms (default 1,000).
 */
export async function fourLetterWord(
  address: { host: string; port: number },
  word: string,
  options: { timeout?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const { timeout = 1_000, signal } = options;
  signal?.throwIfAborted();
  const answer = Promise.withResolvers<string>();
  const socket = connect(address, () => socket.write(word));
  const abort = () => socket.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no answer to ${word} in ${timeout} ms`));
  }, timeout);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
  });
  socket.once('error', answer.reject);
  socket.once('end', () => answer.resolve(received));
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** What a server says it is. */
export type ServerMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only';

/** The mode in an answer to `srvr`; undefined while the server does not serve. */
export function modeOf(srvr: string): ServerMode | undefined {
  const mode = /^Mode: (standalone|leader|follower|observer|read-only)$/m.exec(srvr)?.[1];
  return mode as ServerMode | undefined; // The expression lists exactly these.
}
