/** One server that can be hurt. */
export interface Member {
  readonly host: string;
  readonly port: number;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP, until `resume`. */
  pause(): void;
  resume(): void;
  /** Its wall clock is wrong by so many milliseconds from now on; where that can be done. */
  skipClock?(milliseconds: number): void;
}

/** What the contract is kept on. */
export interface System {
  readonly members: readonly Member[];
  /** The member that leads, once there is one; the only one of those that stand alone. */
  leader(): Promise<Member>;
  /** Resolves when all members serve. */
  whole(): Promise<void>;
  close(): Promise<void>;
}
