import { setTimeout } from 'node:timers/promises';

/** Waits; an abort ends it early, without an error. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
  } catch {
    // Aborted: the caller looks at the signal itself.
  }
}
