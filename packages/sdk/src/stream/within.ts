import { SdkError } from '../sdk-error.ts';

/** What every wait takes. */
export interface SignalOption {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a wait that ends by the signal, or after `timeout` milliseconds.
 * @throws SdkError TIMEOUT with what `late` says; the signal's reason
 */
export async function within<T>(
  timeout: number,
  { signal }: SignalOption,
  late: () => string,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const timer = new AbortController();
  const timing = setTimeout(() => timer.abort(new SdkError('TIMEOUT', late())), timeout);
  const both = signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]);
  const { promise: over, reject } = Promise.withResolvers<never>();
  const abort = () => reject(both.reason);
  both.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([wait(both), over]);
  } finally {
    clearTimeout(timing);
    both.removeEventListener('abort', abort);
  }
}

/** Resolves after so many milliseconds, or when the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, milliseconds);
  const wake = () => resolve();
  signal.addEventListener('abort', wake, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
  });
}
