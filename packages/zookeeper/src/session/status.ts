import type { Logger } from '../logger.ts';
import { type SessionEvent, type SessionState, transition } from './session-state.ts';

/** The state a session is in, and who is told of its changes. */
export class Status {
  readonly #renew: boolean;
  readonly #logger: Logger;
  readonly #listeners = new Set<(state: SessionState) => void>();
  #state: SessionState = { type: 'connecting' };

  /** `renew`: an expired session is followed by a new one. */
  constructor(renew: boolean, logger: Logger) {
    this.#renew = renew;
    this.#logger = logger;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** True when no state follows: closed, refused, or expired and not renewed. */
  get ended(): boolean {
    const { type } = this.#state;
    return type === 'closed' || type === 'auth-failed' || (type === 'expired' && !this.#renew);
  }

  /** Calls `listener` at each change, until the returned function is called. */
  listen(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  apply(event: SessionEvent): void {
    const next = transition(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.#logger.debug({ state: next.type }, 'session');
    for (const listener of this.#listeners) listener(next);
  }
}
