import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** A request that is over. */
export interface Call {
  /** By `performance.now`, when its answer had come, or none would. */
  readonly at: number;
  /** Milliseconds. */
  readonly took: number;
  /** 0 when the connection broke. */
  readonly status: number;
  /** The instance that answered. */
  readonly instance: number;
}

/** Milliseconds between a caller's requests. */
const PAUSE = 10;

/** Callers that ask a gateway for a host, one request after the other each, until they are stopped. */
export class Callers {
  readonly calls: Call[] = [];
  readonly #port: number;
  readonly #host: string;
  readonly #agent: Agent;
  readonly #running: readonly Promise<void>[];
  #stopped = false;

  constructor(port: number, host: string, count: number) {
    this.#port = port;
    this.#host = host;
    this.#agent = new Agent({ keepAlive: true, maxSockets: count });
    this.#running = Array.from({ length: count }, () => this.#run());
  }

  /** Resolves when the last requests are over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.calls.push(await this.#call());
      await pause(PAUSE);
    }
  }

  #call(): Promise<Call> {
    const began = performance.now();
    const { promise, resolve } = Promise.withResolvers<Call>();
    const over = (status: number, instance: number) => {
      const at = performance.now();
      resolve({ at, took: at - began, status, instance });
    };
    const target = { host: '127.0.0.1', port: this.#port, agent: this.#agent };
    const asked = request({ ...target, headers: { host: this.#host } }, (response) => {
      response.on('end', () => over(response.statusCode ?? 0, Number(response.headers['x-port'])));
      response.on('error', () => over(0, 0));
      response.resume();
    });
    asked.on('error', () => over(0, 0));
    asked.end();
    return promise;
  }
}
