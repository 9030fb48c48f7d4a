/** What a request cost in one round. */
export interface Cost {
  readonly path: string;
  /** Of CPU, of the process that called. */
  readonly microseconds: number;
}

/** What is asked for: so many bytes. */
export const PATHS = ['/100', '/100000'] as const;
