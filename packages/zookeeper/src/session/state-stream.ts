import type { Session } from './session.ts';
import type { SessionState } from './session-state.ts';

/** A session's states as they come, beginning with the present one, ending with a final one. */
export class StateStream implements AsyncIterable<SessionState> {
  readonly #session: Session;
  readonly #signal: AbortSignal | undefined;

  constructor(session: Session, signal: AbortSignal | undefined) {
    this.#session = session;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<SessionState> {
    let pending: SessionState[] = [this.#session.state];
    let wake = () => {};
    const abort = () => wake();
    this.#signal?.addEventListener('abort', abort, { once: true });
    const stop = this.#session.onState((state) => {
      pending.push(state);
      wake();
    });
    try {
      while (this.#signal?.aborted !== true) {
        const batch = pending;
        pending = [];
        yield* batch;
        if (pending.length > 0) continue;
        if (this.#session.ended) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    } finally {
      stop();
      this.#signal?.removeEventListener('abort', abort);
    }
  }
}
