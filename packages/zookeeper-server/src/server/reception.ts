import type { Socket } from 'node:net';
import { Connection, type ConnectionHost } from './connection.ts';
import type { Core } from './core.ts';
import { answerWord } from './four-letter-words.ts';
import { Greeter } from './greeter.ts';
import { RequestHandler } from './request-handler.ts';
import type { WordContext } from './word-context.ts';

/** Takes clients in, and leads what they send to whoever answers it. */
export class Reception implements ConnectionHost {
  readonly #core: Core;
  readonly #words: () => WordContext;
  readonly #greeter: Greeter;
  readonly #requests: RequestHandler;

  /** `words` gives what the answers to four-letter words are made of. */
  constructor(core: Core, words: () => WordContext) {
    this.#core = core;
    this.#words = words;
    this.#greeter = new Greeter(core);
    this.#requests = new RequestHandler(core);
  }

  /** Makes a socket a connection, unless there are too many from its address. */
  accept(socket: Socket): void {
    const { options, connections, delivery } = this.#core;
    const { maxClientConnections, clock, logger } = options;
    const connection = new Connection(socket, this, delivery, clock.monotonic());
    const { remoteAddress } = connection;
    const count = connections.add(connection);
    if (maxClientConnections > 0 && count > maxClientConnections) {
      logger.warn({ remoteAddress, maxClientConnections }, 'too many connections: refused');
      connection.destroy();
    }
  }

  frame(connection: Connection, frame: Buffer): void {
    if (connection.phase.at === 'handshake') this.#greeter.greet(connection, frame);
    else this.#requests.handle(connection, frame);
  }

  word(connection: Connection, word: string): boolean {
    const answer = answerWord(word, this.#core.options.fourLetterWords, this.#words);
    if (answer !== undefined) connection.endWith(answer);
    return answer !== undefined;
  }

  closed(connection: Connection): void {
    const { connections, delivery, engine } = this.#core;
    connections.delete(connection);
    delivery.forget(connection);
    engine.watches.removeWatcher(connection);
  }
}
