import { setTimeout } from 'node:timers/promises';

/**
 * What `promise` gives, or the signal's reason as soon as that aborts: others' code may not listen
 * to it.
 * @param late is given what comes after that
 */
export async function within<T>(
  promise: PromiseLike<T>,
  signal: AbortSignal,
  late?: (value: T) => void,
): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener('abort', abort);
    if (signal.aborted) void promise.then((value) => late?.(value)).then(undefined, () => {});
  }
}

/** Waits until others' code has tidied up, but not for ever: milliseconds. */
const TIDY = 5_000;

/** Ends something; a failure, or taking too long, is not the caller's matter. */
export async function ended(ending: () => PromiseLike<unknown>): Promise<void> {
  const late = new AbortController();
  try {
    await Promise.race([
      ending(),
      setTimeout(TIDY, undefined, { signal: late.signal, ref: false }),
    ]);
  } catch {
    // It was to end, and has.
  } finally {
    late.abort();
  }
}

/** Pauses between tries, in milliseconds: the first, and the longest. */
const FIRST = 500;
const LONGEST = 30_000;

/** Waits before another try, the longer the more have failed, and never quite alike. */
export async function pause(failed: number, signal: AbortSignal): Promise<void> {
  const wait = Math.min(LONGEST, FIRST * 2 ** Math.min(failed, 16)) * (0.5 + Math.random() / 2);
  await setTimeout(wait, undefined, { signal }).catch(() => {});
}
