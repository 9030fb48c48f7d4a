import type { Http2Session } from 'node:http2';
import type { PingConfig } from '../../config/connection-config.ts';

/** Pings the other side of a connection; who does not answer in time loses it. */
export class Heartbeat {
  readonly #session: Http2Session;
  readonly #config: PingConfig;
  #next: NodeJS.Timeout | undefined;
  #answer: NodeJS.Timeout | undefined;

  constructor(session: Http2Session, config: PingConfig) {
    this.#session = session;
    this.#config = config;
  }

  /** The connection stands. */
  begin(): void {
    const { interval, jitterPercent } = this.#config;
    if (interval === 0) return;
    const wait = interval * (1 + (Math.random() * jitterPercent) / 100);
    this.#next = setTimeout(() => this.#ping(() => this.begin()), wait);
    this.#next.unref();
  }

  /** A request is about to be sent, after `idle` milliseconds without any. */
  beforeRequest(idle: number): void {
    const { idleInterval } = this.#config;
    if (idleInterval > 0 && idle >= idleInterval && !this.#answer) this.#ping(() => {});
  }

  /** The connection is gone. */
  end(): void {
    clearTimeout(this.#next);
    clearTimeout(this.#answer);
  }

  #ping(answered: () => void): void {
    const session = this.#session;
    if (session.destroyed) return;
    this.#answer = setTimeout(() => {
      session.destroy(new Error(`no answer to a ping within ${this.#config.timeout} ms`));
    }, this.#config.timeout);
    this.#answer.unref();
    session.ping((error) => {
      clearTimeout(this.#answer);
      this.#answer = undefined;
      if (!error) answered();
    });
  }
}
