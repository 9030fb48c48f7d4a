/** Aborts when nothing has happened for a while. */
export class IdleWatchdog implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param idle milliseconds */
  constructor(idle: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new IdleError(idle)), idle);
    this.#timer.unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has happened. */
  alive(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** The server keeps a watch open, and says nothing. */
export class IdleError extends Error {
  override readonly name = 'IdleError';

  constructor(idle: number) {
    super(`the server has kept a watch open and said nothing for ${idle} ms`);
  }
}
