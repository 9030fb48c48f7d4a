import { RecipeError } from '../recipe-error.ts';

/** What every wait for a lease takes. */
export interface AcquireOptions {
  /** Gives up waiting; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait at most, in milliseconds. Default: as long as it takes. */
  readonly timeout?: number | undefined;
}

/**
 * Runs a wait with the signal that its options ask for.
 * @throws RecipeError TIMEOUT when the time is over; the signal's reason
 */
export async function withinTime<T>(
  { signal, timeout }: AcquireOptions,
  what: string,
  wait: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (timeout === undefined) return wait(signal);
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new RecipeError('TIMEOUT', `${what} could not be had within ${timeout} ms`)),
    timeout,
  );
  try {
    return await wait(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
