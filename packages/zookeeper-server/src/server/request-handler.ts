import {
  type AnyRequest,
  ErrorCode,
  JuteError,
  operationOf,
  Reader,
  type RequestOf,
  requestHeader,
  rowOf,
  Xid,
} from '@meshkeeper/jute';
import { digestIds } from '../auth/digest.ts';
import type { Connection } from './connection.ts';
import type { Core } from './core.ts';

/** Answers the requests of connections that have a session. */
export class RequestHandler {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Answers one request.
   *
   * @throws JuteError if the frame is too short for a header.
   */
  handle(connection: Connection, frame: Buffer): void {
    const { options, engine, delivery } = this.#core;
    const { clock } = options;
    const { state } = engine;
    const reader = new Reader(frame);
    const { xid, type } = requestHeader.read(reader);
    const op = operationOf(type);
    state.sessions.touch(connection.sessionId, clock.monotonic());
    if (op === undefined || op === 'check' || op === 'createSession' || op === 'deleteContainer') {
      connection.reply(xid, -1n, ErrorCode.UNIMPLEMENTED);
      connection.drain();
      return;
    }
    let request: unknown;
    try {
      request = rowOf(op).request.read(reader);
    } catch (error) {
      if (!(error instanceof JuteError)) throw error;
      connection.reply(xid, state.lastZxid, ErrorCode.MARSHALLING_ERROR);
      return;
    }
    if (op === 'auth') {
      this.#authenticate(connection, xid, request as RequestOf<'auth'>); // Read by its row.
      return;
    }
    if (op === 'sasl') {
      // As the original without a login configuration: an empty token, and nobody authenticated.
      connection.reply(xid, 0n, ErrorCode.OK, (writer) =>
        rowOf('sasl').response.write(writer, { token: null }),
      );
      return;
    }
    // `request` was read by the row of `op`, which the compiler can't follow.
    const outcome = engine.process(connection, { op, request } as AnyRequest, clock.now());
    const { err, txn, events = [] } = outcome;
    if (txn) delivery.commit({ txn, events });
    else delivery.notify(events);
    connection.reply(op === 'ping' ? Xid.PING : xid, state.lastZxid, err, (writer) => {
      if (err === ErrorCode.OK) rowOf(op).response.write(writer, outcome.response);
    });
    if (op === 'closeSession') connection.drain();
  }

  #authenticate(connection: Connection, xid: number, request: RequestOf<'auth'>): void {
    const { scheme, auth } = request;
    if (scheme === 'digest') {
      for (const id of digestIds(auth ?? Buffer.alloc(0), this.#core.options.superDigest))
        if (!connection.ids.some((own) => own.scheme === id.scheme && own.id === id.id))
          connection.ids.push(id);
    }
    const known = scheme === 'digest' || scheme === 'ip';
    connection.reply(xid, 0n, known ? ErrorCode.OK : ErrorCode.AUTH_FAILED);
    if (!known) connection.drain();
  }
}
