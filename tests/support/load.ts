import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { until } from '@meshkeeper/testbed';

/** Where requests go. */
export interface LoadOptions {
  /** The gateway. */
  readonly url: string;
  /** The service's host name. */
  readonly host: string;
  /** Clients, each with one keep-alive connection and one request at a time. Default 6. */
  readonly clients?: number;
  /** What a client waits after an answer, in milliseconds. Default 4. */
  readonly pause?: number;
}

/** Steady requests by several clients until it is disposed of. */
export interface Load extends AsyncDisposable {
  /** Requests that were answered with 200. */
  readonly answered: number;
  /** Asserts that no request has failed so far. */
  unharmed(): void;
  /**
   * How many of the next `requests` each instance answers, not counting those that are under way
   * now.
   */
  next(requests: number): Promise<ReadonlyMap<string, number>>;
}

/** Begins to send requests. */
export function startLoad({ url, host, clients = 6, pause = 4 }: LoadOptions): Load {
  const names: string[] = [];
  const failures: string[] = [];
  const stop = new AbortController();
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stop.signal.aborted) {
      const begin = new Date();
      try {
        const { status, body } = await ask(url, host, agent);
        if (status === 200) names.push(body);
        else failures.push(`${begin.toISOString()} ${status} ${body.trim()}`);
      } catch (error) {
        failures.push(`${begin.toISOString()} ${error}`);
      }
      await setTimeout(pause);
    }
    agent.destroy();
  };
  const ended = Promise.all(Array.from({ length: clients }, client));
  return {
    get answered() {
      return names.length;
    },
    unharmed() {
      const [first] = failures;
      const counted = `${failures.length} of ${failures.length + names.length} requests failed`;
      assert(first === undefined, `${counted}, the first: ${first}`);
    },
    async next(requests) {
      const from = names.length + clients;
      const message = `${host} answers ${requests} more requests`;
      await until(() => names.length >= from + requests, { timeout: 30_000, message });
      return shares(names.slice(from, from + requests));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Asks a gateway for a host once. */
export function ask(
  url: string,
  host: string,
  agent?: Agent,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const options = {
    headers: { host },
    ...(agent && { agent }),
    signal: AbortSignal.timeout(15_000),
  };
  get(url, options, (response) => {
    const status = response.statusCode ?? 0;
    text(response).then((body) => resolve({ status, body }), reject);
  }).on('error', reject);
  return promise;
}

function shares(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
