import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds between two steps. */
const STEP = 20;
/** Streams that are ended per millisecond, where there is time. */
const RATE = 1;

/**
 * How many streams to end, step by step, so that those who are told to leave don't arrive elsewhere
 * together: a thousand a second, or more where `within` milliseconds wouldn't be enough.
 * @param left how many there are
 */
export async function* drainSteps(
  left: () => number,
  within: number,
): AsyncGenerator<number, void, void> {
  const steps = Math.max(1, Math.floor(within / STEP));
  const count = Math.max(RATE * STEP, Math.ceil(left() / steps));
  while (left() > 0) {
    yield count;
    if (left() > 0) await pause(STEP);
  }
}
