import { clean } from './table.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds a frame. */
const TURN = 80;

/**
 * What long work is at, on standard error: on a terminal one line with something that turns, which
 * is gone afterwards; elsewhere a plain line for each that is new, but no more than one in `every`
 * milliseconds.
 */
export class StatusLine implements Disposable {
  readonly #terminal = process.stderr.isTTY === true;
  readonly #every: number;
  #shown = '';
  #written = Number.NEGATIVE_INFINITY;
  #frame = 0;
  #turning: NodeJS.Timeout | undefined;

  constructor(every = 0) {
    this.#every = every;
    if (every > 0) this.#written = performance.now();
  }

  show(text: string): void {
    const line = clean(text);
    if (line === this.#shown) return;
    this.#shown = line;
    if (!this.#terminal) {
      if (performance.now() - this.#written < this.#every) return;
      this.#written = performance.now();
      process.stderr.write(`${line}\n`);
    } else {
      this.#draw();
      this.#turning ??= setInterval(() => this.#draw(), TURN).unref();
    }
  }

  /** Takes the line away. Idempotent. */
  end(): void {
    clearInterval(this.#turning);
    this.#turning = undefined;
    if (this.#terminal && this.#shown !== '') process.stderr.write('\r\u001b[K');
    this.#shown = '';
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length;
    // A line that wraps could not be taken away.
    const room = (process.stderr.columns ?? 80) - 3;
    process.stderr.write(`\r\u001b[K${FRAMES[this.#frame]} ${this.#shown.slice(0, room)}`);
  }
}
