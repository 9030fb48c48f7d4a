/** Who says something of a service's traffic. */
export interface PolicyOrigin {
  /** Name of the registry source. */
  readonly source: string;
  /** The znode that says so. */
  readonly path: string;
}

/** A setting, and who says so. */
export interface Stated<T> {
  readonly value: T;
  readonly origin: PolicyOrigin;
}
