import type { Logger } from '../logger.ts';
import { pause, within } from '../stream/within.ts';

/** Says whether the instance can take requests; what it throws is a no. */
export type Readiness = (signal: AbortSignal) => boolean | Promise<boolean>;

/** How readiness is asked for. Times in milliseconds. */
export interface ReadinessOptions {
  readonly readiness: Readiness;
  readonly interval: number;
  readonly timeout: number;
  readonly logger: Logger;
}

/** Asks once; a late answer is a no. */
export async function isReady(options: ReadinessOptions, signal: AbortSignal): Promise<boolean> {
  const { readiness, timeout, logger } = options;
  const late = () => `The readiness was not known within ${timeout} ms.`;
  try {
    return await within(timeout, { signal }, late, async (both) => readiness(both));
  } catch (err) {
    if (!signal.aborted) logger.warn({ err }, 'the readiness check failed');
    return false;
  }
}

/**
 * Asks again and again, until the signal aborts; resolves then.
 * @param wait milliseconds until it asks for the first time
 */
export async function followReadiness(
  options: ReadinessOptions,
  wait: number,
  told: (ready: boolean) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let next = wait; ; next = options.interval) {
    await pause(next, signal);
    if (signal.aborted) return;
    const ready = await isReady(options, signal);
    if (!signal.aborted) await told(ready);
  }
}
