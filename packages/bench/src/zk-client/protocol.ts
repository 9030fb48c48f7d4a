/**
 * What is asked of the process of a client, a line of JSON each, after the `{"ready":true}` by which
 * it says that it is connected. The Java client is asked the same (`BenchClient.java` of the testbed).
 */
export type Request = Step | Watch | { readonly operation: 'fired' };

/** Is answered with a {@link Result}. */
export interface Step {
  readonly operation: 'get' | 'set' | 'create+delete';
  /** Operations that are outstanding at all times. */
  readonly window: number;
  /** Operations until the end. */
  readonly count: number;
}

/**
 * Sets watches on the first znodes; is answered with `{"armed":true}` once all are set. `fired` is
 * then answered with a {@link Result}: from there until the last of them has fired.
 */
export interface Watch {
  readonly operation: 'watch';
  readonly window: number;
  readonly count: number;
}

/** What something took. */
export interface Result {
  readonly seconds: number;
  /** CPU seconds of the whole process, user and system. */
  readonly cpu: number;
}
