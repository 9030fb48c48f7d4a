import { connectRequest, connectResponse, Reader } from '@meshkeeper/jute';
import type { Connection } from './connection.ts';
import type { Core } from './core.ts';
import { connectResponseFor, greet } from './handshake.ts';

/** Shakes hands: gives a connection its session, a new one or its client's own. */
export class Greeter {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Answers a connection's first frame.
   *
   * @throws JuteError if it is no connect request.
   */
  greet(connection: Connection, frame: Buffer): void {
    const { options, engine, connections, delivery } = this.#core;
    const { clock, logger } = options;
    const { state } = engine;
    const request = connectRequest.read(new Reader(frame));
    const greeting = greet(request, state, options);
    if (greeting.kind === 'ahead') {
      const seen = `0x${greeting.seen.toString(16)}`;
      logger.warn({ seen, last: state.lastZxid }, 'a client has seen later transactions: refused');
      connection.destroy();
      return;
    }
    if (greeting.kind === 'gone') {
      const response = connectResponseFor(request, undefined);
      connection.frame((writer) => connectResponse.write(writer, response));
      connection.drain();
      return;
    }
    const { timeout, password } = greeting;
    let sessionId: bigint;
    if (greeting.kind === 'new') {
      const { id, ...applied } = engine.openSession(timeout, password, clock.now());
      delivery.commit(applied);
      sessionId = id;
    } else {
      sessionId = greeting.sessionId;
      connections.ofSession(sessionId)?.destroy();
      state.sessions.open({ id: sessionId, timeout, password });
    }
    connection.phase = { at: 'session', sessionId, timeout };
    connections.bind(connection);
    state.sessions.touch(sessionId, clock.monotonic());
    const response = connectResponseFor(request, { sessionId, timeout, password });
    connection.frame((writer) => connectResponse.write(writer, response));
  }
}
