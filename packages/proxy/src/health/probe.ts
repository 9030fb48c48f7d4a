import type { ProbeResult } from './check-state.ts';

/** Asks an endpoint how it is. */
export interface Probe {
  /** Asks once; `done` is called once, later, unless it is {@link stop}ped. */
  run(done: (result: ProbeResult) => void): void;
  /** Gives up what runs. Its connection is of no more use. */
  stop(): void;
  /** Gives up, and closes what is kept for the next time. */
  close(): void;
}

/** Where a probe asks. */
export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  /** For what a check says nothing of. */
  readonly host: string;
}
