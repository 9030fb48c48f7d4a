import type { HostPort } from '../connect-string.ts';
import { isReadWrite } from '../connection/is-read-write.ts';
import type { Network } from '../connection/network.ts';
import { pause } from './pause.ts';

/** The first pause between two questions, and the longest; each is twice the one before. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;
/** How long a server may take to answer. */
const ANSWER_TIMEOUT = 1000;

/**
 * Asks one server after the other until one of them serves writes. Undefined when the signal aborts.
 * `hosts` is asked each time: the list may change.
 */
export async function findReadWrite(
  hosts: () => readonly HostPort[],
  network: Network,
  signal: AbortSignal,
): Promise<HostPort | undefined> {
  for (let asked = 0; ; asked++) {
    await pause(Math.min(FIRST_PAUSE * 2 ** asked, LONGEST_PAUSE), signal);
    if (signal.aborted) return undefined;
    const list = hosts();
    const host = list[asked % list.length]!;
    const patience = new AbortController();
    const stop = () => patience.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => patience.abort(new Error('no answer to isro')), ANSWER_TIMEOUT);
    try {
      if (await isReadWrite(network, host, patience.signal)) return host;
    } catch {
      // Down, or not yet up: the next one may be better.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }
}
