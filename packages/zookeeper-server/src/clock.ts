/** Where the server gets its time from; tests give their own. */
export interface Clock {
  /** Milliseconds since the epoch: becomes `ctime` and `mtime`. */
  now(): number;
  /** Milliseconds that never go back, from any origin: sessions expire by them. */
  monotonic(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
