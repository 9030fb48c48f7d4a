import type { HostPort } from '../connect-string.ts';
import type { Network } from './network.ts';

/** Asks a server, by the word `isro`, whether it serves writes. @throws what the network says. */
export async function isReadWrite(
  network: Network,
  host: HostPort,
  signal: AbortSignal,
): Promise<boolean> {
  const wire = await network.open(host, signal);
  const { socket } = wire;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  let answer = '';
  try {
    wire.receive((chunk) => {
      answer += chunk.toString('latin1');
      // `rw` or `ro`; anything longer is a server's excuse.
      if (answer.length >= 2) resolve(answer.trim() === 'rw');
    });
    socket.once('close', () => resolve(false));
    socket.once('error', reject);
    socket.write('isro');
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
