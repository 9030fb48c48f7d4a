import type { State } from '../engine/state.ts';
import { StateImage } from '../engine/state-image.ts';
import type { Logger } from '../logger.ts';
import type { Storage } from '../storage/storage.ts';

/** Has a snapshot written when one is due, beside the running server, one at a time. */
export class Snapshots {
  readonly #storage: Storage;
  readonly #state: State;
  readonly #logger: Logger;
  #running = false;

  constructor(storage: Storage, state: State, logger: Logger) {
    this.#storage = storage;
    this.#state = state;
    this.#logger = logger;
  }

  /** Begins one, if it is due and none is being written. */
  takeIfDue(): void {
    if (this.#running || !this.#storage.snapshotDue) return;
    this.#running = true;
    void this.#take();
  }

  async #take(): Promise<void> {
    const image = new StateImage(this.#state);
    try {
      await this.#storage.snapshot(image);
    } catch (error) {
      // The log is whole without it; the next one is tried when it is due again.
      this.#logger.error({ error }, 'a snapshot could not be written');
    } finally {
      image.close();
      this.#running = false;
    }
  }
}
