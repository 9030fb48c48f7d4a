import { Agent, get, type IncomingMessage } from 'node:http';
import { cpuSeconds } from '../process/cpu-time.ts';
import type { Subject } from './measure.ts';

/** What an event to one of many streams is to a server. */
export interface FanOut {
  /** Of the server's CPU, in microseconds. */
  readonly microseconds: number;
  /** An event as it comes, of the last. */
  readonly event: string;
}

/** Streams that are read, and what they have brought. */
class Followers implements AsyncDisposable {
  readonly #agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  readonly #responses: IncomingMessage[] = [];
  #events = 0;
  #last = '';
  #reached: (() => void) | undefined;
  #goal = Number.POSITIVE_INFINITY;

  static async open(url: string, count: number, signal: AbortSignal): Promise<Followers> {
    const followers = new Followers();
    // Each begins with an event that says so.
    const begun = followers.#until(count);
    for (let i = 0; i < count; i++)
      get(url, { agent: followers.#agent, signal }, (response) => followers.#follow(response));
    await begun;
    return followers;
  }

  get last(): string {
    return this.#last;
  }

  /** When so many more have come, on all streams together. */
  more(count: number): Promise<void> {
    return this.#until(this.#events + count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const response of this.#responses) response.destroy();
    this.#agent.destroy();
  }

  #follow(response: IncomingMessage): void {
    this.#responses.push(response);
    response.on('error', () => {}); // it is ended here
    response.setEncoding('utf8').on('data', (text: string) => {
      for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n', at + 2))
        this.#events++;
      this.#last = text;
      if (this.#events >= this.#goal) this.#reached?.();
    });
  }

  #until(goal: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#goal = goal;
    this.#reached = resolve;
    if (this.#events >= goal) resolve();
    return promise;
  }
}

/**
 * What each of `count` events to each of `streams` takes, besides what it takes to make and to tell it once.
 * @param publish makes so many events, one after the other
 */
export async function fanOut(
  { child, port }: Subject,
  path: string,
  { streams, count }: { readonly streams: number; readonly count: number },
  publish: (count: number) => Promise<void>,
  signal: AbortSignal,
): Promise<FanOut> {
  const url = `http://127.0.0.1:${port}${path}`;
  const cpu = async (act: () => Promise<void>) => {
    const before = cpuSeconds(child.pid);
    await act();
    return cpuSeconds(child.pid) - before;
  };
  await using one = await Followers.open(url, 1, signal);
  const first = one.more(count);
  await publish(count); // to warm up
  await first;
  const measured = one.more(count);
  const alone = await cpu(async () => {
    await publish(count);
    await measured;
  });
  await using all = await Followers.open(url, streams, signal);
  const told = all.more(streams * count);
  const together = await cpu(async () => {
    await publish(count);
    await told;
  });
  const microseconds = ((together - alone) / (streams * count)) * 1e6;
  return { microseconds, event: all.last };
}
