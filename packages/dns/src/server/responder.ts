import type { Query } from '../wire/query.ts';
import { limitOf, type Transport, truncated } from '../wire/response.ts';
import type { Answered, Answerer } from './answerer.ts';
import type { Forwarder } from './forwarder.ts';

/** Is told what was asked and answered. Must not throw. */
export interface DnsObserver {
  /**
   * @param recordType what was asked for; `other` of what nobody here knows
   * @param rcode how it went: `NOERROR`, `NXDOMAIN`, …
   * @param seconds from when it was received
   */
  answered(recordType: string, rcode: string, seconds: number): void;
}

/** What a {@link Responder} is made of. */
export interface ResponderOptions {
  readonly answerer: Answerer;
  readonly forwarder: Forwarder | undefined;
  readonly observer: DnsObserver;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Answers messages, at once or when somebody else has. */
export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /**
   * Answers a message, if it is one that is answered.
   *
   * @param source the address that it came from
   */
  respond(
    message: Buffer,
    source: string,
    transport: Transport,
    send: (reply: Buffer) => void,
  ): void {
    const { answerer, forwarder, now } = this.#options;
    const from = now();
    const outcome = answerer.answer(message, source, transport);
    if (outcome.type === 'ignored') return;
    if (outcome.type === 'answered') this.#send(outcome, from, send);
    else if (forwarder !== undefined)
      void this.#forward(forwarder, outcome.query, transport, from, send);
  }

  async #forward(
    forwarder: Forwarder,
    query: Query,
    transport: Transport,
    from: number,
    send: (reply: Buffer) => void,
  ): Promise<void> {
    const limit = limitOf(query, transport);
    const reply = await forwarder.ask(query, transport);
    const { observer, answerer, now } = this.#options;
    if (reply === undefined)
      return this.#send(answerer.refusal(query, 'SERVFAIL', limit), from, send);
    send(reply.length <= limit ? reply : truncated(reply, query));
    observer.answered('forwarded', 'NOERROR', (now() - from) / 1000);
  }

  #send({ bytes, recordType, rcode }: Answered, from: number, send: (reply: Buffer) => void): void {
    send(bytes);
    this.#options.observer.answered(recordType, rcode, (this.#options.now() - from) / 1000);
  }
}
