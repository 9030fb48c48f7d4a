import type { ConnectRequest, ConnectResponse } from '@meshkeeper/jute';

const NO_PASSWORD: Buffer = Buffer.alloc(16);

/** What a session shows at each handshake: who it is, and what it has seen. */
export class Identity {
  #sessionId = 0n;
  #password = NO_PASSWORD;
  #lastZxid = 0n;
  readonly #canBeReadOnly: boolean;
  #seenReadWrite = false;

  /** `canBeReadOnly`: a server without a quorum may serve it. */
  constructor(canBeReadOnly: boolean) {
    this.#canBeReadOnly = canBeReadOnly;
  }

  /** The newest transaction seen. */
  get lastZxid(): bigint {
    return this.#lastZxid;
  }

  /** A server has told a transaction id; an older one changes nothing. */
  reached(zxid: bigint): void {
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
  }

  /** The first frame to a server. `timeout`: the session's to ask for, in milliseconds. */
  hello(timeout: number): ConnectRequest {
    return {
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeout,
      // A session that only a read-only server knows is none to the others.
      sessionId: this.#seenReadWrite ? this.#sessionId : 0n,
      password: this.#seenReadWrite ? this.#password : NO_PASSWORD,
      readOnly: this.#canBeReadOnly,
    };
  }

  /** A server has taken the session on. */
  adopt({ sessionId, password, readOnly }: ConnectResponse): void {
    if (!readOnly) this.#seenReadWrite = true;
    this.#sessionId = sessionId;
    this.#password = password === null ? NO_PASSWORD : Buffer.from(password);
  }

  /**
   * The session is gone: the next handshake asks for a new one, which has seen nothing. A server that
   * has lost its data would refuse for ever whoever has seen more than it has.
   */
  forget(): void {
    this.#seenReadWrite = false;
    this.#lastZxid = 0n;
    this.#sessionId = 0n;
    this.#password = NO_PASSWORD;
  }
}
