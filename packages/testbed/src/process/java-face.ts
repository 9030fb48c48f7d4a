import type { Driver } from '../curator/driver.ts';
import type { TempDir } from '../temp-dir.ts';
import type { Child } from './child.ts';
import type { JavaDriver } from './java-driver.ts';

/** A library in a JVM of its own, driven by our commands: what the faces of all of them share. */
export abstract class JavaFace implements AsyncDisposable {
  readonly #child: Child;
  readonly #driver: Driver;
  readonly #dir: TempDir;

  /** Takes over what was started. */
  constructor({ child, driver, dir }: JavaDriver) {
    this.#child = child;
    this.#driver = driver;
    this.#dir = dir;
  }

  /** Process id of the JVM. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Freezes it (SIGSTOP): its sessions expire after their timeout. */
  pause(): void {
    this.#child.pause();
  }

  /** Ends a {@link pause} (SIGCONT). */
  resume(): void {
    this.#child.signal('SIGCONT');
  }

  /** Ends it like a crash (SIGKILL): its nodes stay until its session expires. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** Withdraws what it has registered, ends its session and the JVM; kills it after 5 s. */
  async close(): Promise<void> {
    if (this.#child.running) {
      this.resume();
      const late = AbortSignal.timeout(5_000);
      await this.#driver.request('close', {}, { signal: late }).catch(() => {});
    }
    await this.#child.kill();
    await this.#dir.close();
  }

  /** Same as {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
