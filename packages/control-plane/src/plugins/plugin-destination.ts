import {
  type DataPlane,
  type DataPlaneState,
  diff,
  EMPTY_SNAPSHOT,
  type ServiceChange,
  type Snapshot,
} from '@meshkeeper/mesh';
import type { Logger } from '@meshkeeper/zookeeper';
import { messageOf } from './plugin-source.ts';
import { ended, pause, within } from './within.ts';

/** What is opened for a destination. */
export interface OpenDestination {
  readonly plane: DataPlane;
  /** What of a snapshot it is given. */
  readonly view: (snapshot: Snapshot) => Snapshot;
}

/** What a configured destination takes. */
export interface PluginDestinationOptions {
  readonly name: string;
  readonly open: (signal: AbortSignal) => Promise<OpenDestination>;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const NO_PROBLEMS: ReadonlyMap<string, string> = new Map();

/**
 * A destination of a plug-in, kept running: it is opened in the background, and again when that fails;
 * what it is given is the newest there is, once it has taken what it was given before. Whatever it
 * does holds up nobody else.
 */
export class PluginDestination implements DataPlane {
  readonly name: string;
  readonly #options: PluginDestinationOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #open: OpenDestination | undefined;
  /** The newest of what is served. */
  #newest: Snapshot | undefined;
  /** What it has taken. */
  #given: Snapshot = EMPTY_SNAPSHOT;
  #hasTaken = false;
  #failure: { readonly since: number; readonly message: string } | undefined;
  #wake: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: PluginDestinationOptions) {
    this.name = options.name;
    this.#options = options;
    this.#running = this.#run();
  }

  get state(): DataPlaneState {
    if (this.#failure !== undefined) return { type: 'failing', ...this.#failure };
    const plane = this.#open?.plane;
    if (plane === undefined || !this.#hasTaken) return { type: 'starting' };
    const { state } = plane;
    // What it has applied is not what is served by now.
    const newest = this.#newest?.revision ?? 0;
    return state.type === 'applied' && this.#given.revision < newest
      ? { type: 'applying', revision: newest }
      : state;
  }

  get problems(): ReadonlyMap<string, string> {
    return this.#open?.plane.problems ?? NO_PROBLEMS;
  }

  update(snapshot: Snapshot, _changes: readonly ServiceChange[]): void {
    this.#newest = snapshot;
    this.#wake?.();
  }

  close(): Promise<void> {
    this.#stop.abort();
    this.#closing ??= this.#running;
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failed = 0; !signal.aborted; ) {
      try {
        this.#open ??= await this.#opened(signal);
        await this.#news(signal);
        await this.#give(this.#open, signal);
        this.#failure = undefined;
        failed = 0;
      } catch (err) {
        if (signal.aborted) break;
        this.#failed(err);
        await pause(failed++, signal);
      }
    }
    const plane = this.#open?.plane;
    if (plane !== undefined) await ended(() => plane.close());
  }

  #opened(signal: AbortSignal): Promise<OpenDestination> {
    const close = ({ plane }: OpenDestination) => void ended(() => plane.close());
    return within(this.#options.open(signal), signal, close);
  }

  /** Waits until there is something newer than what it has taken. */
  async #news(signal: AbortSignal): Promise<void> {
    while (
      this.#newest === undefined ||
      (this.#hasTaken && this.#newest.revision === this.#given.revision)
    ) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await within(promise, signal);
    }
  }

  async #give({ plane, view }: OpenDestination, signal: AbortSignal): Promise<void> {
    if (this.#newest === undefined) return;
    const snapshot = view(this.#newest);
    // One that takes its time says so with a promise, although it need not.
    const taken: unknown = plane.update(snapshot, diff(this.#given, snapshot));
    if (taken instanceof Promise) await within(taken, signal);
    this.#given = snapshot;
    this.#hasTaken = true;
  }

  #failed(err: unknown): void {
    const { name, logger, now } = this.#options;
    this.#failure = { since: this.#failure?.since ?? now(), message: messageOf(err) };
    logger.warn({ destination: name, err }, 'a destination has failed; it is tried again');
  }
}
