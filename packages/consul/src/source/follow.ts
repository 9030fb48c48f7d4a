import { BackOff } from '../client/back-off.ts';
import type { Answer, ConsulClient } from '../client/consul-client.ts';
import { TokenBucket } from '../client/token-bucket.ts';

/** Returns each second, at most: that a blocking query returns is no proof that something has changed. */
const RETURNS = 5;

/** What is followed, and who is told. */
export interface FollowOptions {
  readonly client: ConsulClient;
  readonly path: string;
  readonly datacenter: string | undefined;
  /** Milliseconds that a query waits. */
  readonly wait: number;
  /**
   * Takes an answer that may be another than the one before.
   * @param continuous nothing was missed since
   */
  take(answer: Answer, continuous: boolean): void | Promise<void>;
  /** It did not go well; it is tried again. */
  failed(error: unknown): void;
}

/** The index to ask with next: one that goes backwards is of another history, and none is below 1. */
export function nextIndex(known: number, answered: number): number {
  if (answered < known) return 0;
  return Math.max(1, answered);
}

/** Asks over and over, each time waiting for a change; ends when the signal aborts. */
export async function follow(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { client, path, datacenter, wait } = options;
  const bucket = new TokenBucket(RETURNS);
  const backOff = new BackOff();
  let index = 0;
  while (!signal.aborted)
    try {
      await bucket.take(signal);
      const blocking = index === 0 ? undefined : { index, wait };
      const answer = await client.get(path, { signal, datacenter, blocking });
      const continuous = index > 0 && answer.index >= index;
      // When the time is over, there is nothing new.
      if (!continuous || answer.index > index) await options.take(answer, continuous);
      index = nextIndex(index, answer.index);
      backOff.reset();
    } catch (error) {
      if (signal.aborted) return;
      index = 0;
      options.failed(error);
      await backOff.wait(signal).catch(() => {});
    }
}
