import { inspect } from 'node:util';
import { TestbedError } from './testbed-error.ts';

/** How long and how often {@link until} looks. */
export interface UntilOptions {
  /** Milliseconds before it gives up. Default 30,000. */
  timeout?: number | undefined;
  /** Milliseconds between two looks. Default 20. */
  interval?: number | undefined;
  /** Gives up at once, with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** What is waited for, for the error: "the leader is elected". */
  message?: string | undefined;
}

/** What {@link until} resolves with: the condition's value without the values that mean "not yet". */
export type Settled<T> = Exclude<T, false | null | undefined>;

/**
 * Waits until `condition` gives a value other than `false`, `null` or `undefined`, and returns it.
 * A condition that throws, an assertion for instance, is "not yet" too. The signal that it is
 * given is aborted when the time is up.
 *
 * @throws TestbedError `timeout`, with the last value, or the last error as its cause.
 */
export async function until<T>(
  condition: (signal: AbortSignal) => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Settled<T>> {
  const { timeout = 30_000, interval = 20, message = 'the condition is true' } = options;
  options.signal?.throwIfAborted();
  const expiry = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, expiry.signal]) : expiry.signal;
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => {});
  signal.addEventListener('abort', () => over.reject(signal.reason), { once: true });
  let last: { value: unknown } | { error: unknown } | undefined;
  const deadline = setTimeout(() => expiry.abort(), timeout);
  try {
    for (;;) {
      try {
        const value = await Promise.race([condition(signal), over.promise]);
        if (isSettled(value)) return value;
        last = { value };
      } catch (error) {
        signal.throwIfAborted();
        last = { error };
      }
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, interval);
      await Promise.race([pause.promise, over.promise]).finally(() => clearTimeout(timer));
    }
  } catch (error) {
    if (!expiry.signal.aborted || options.signal?.aborted) throw error;
    const told = `waited ${timeout} ms until ${message}; last ${describe(last)}`;
    throw new TestbedError('timeout', told, last && 'error' in last ? { cause: last.error } : {});
  } finally {
    clearTimeout(deadline);
    expiry.abort();
  }
}

function isSettled<T>(value: T): value is Settled<T> {
  return value !== false && value !== null && value !== undefined;
}

function describe(last: { value: unknown } | { error: unknown } | undefined): string {
  if (!last) return 'look never ended';
  if ('value' in last) return `value ${inspect(last.value, { depth: 3 })}`;
  return `error ${last.error instanceof Error ? last.error.message : inspect(last.error)}`;
}
