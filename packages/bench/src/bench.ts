/** What a bench gets from the runner. */
export interface BenchContext {
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Says how far it is; not part of the result. */
  progress(message: string): void;
}

/** One figure, ours beside the peers'. */
export interface Row {
  /** What is measured: "requests per CPU-second". */
  readonly case: string;
  /** "1/s", "ms". */
  readonly unit: string;
  readonly ours: number;
  /** By name; undefined when the peer is not installed here. */
  readonly peers: Readonly<Record<string, number | undefined>>;
}

/** A performance claim as a program: the default export of `benches/NAME.ts`. */
export interface Bench {
  readonly name: string;
  /** One line for the list. */
  readonly description: string;
  run(context: BenchContext): Promise<readonly Row[]>;
}
