import {
  type OutlierChange,
  OutlierDetector,
  type OutlierOptions,
  type RandomSource,
} from '@meshkeeper/mesh';
import type { OutlierConfig } from '../config/outlier-config.ts';
import type { UpstreamFailure } from '../upstream/failure.ts';

/** What an {@link OutlierWatch} takes from outside. */
export interface OutlierEnvironment<K> {
  readonly random: RandomSource;
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  /** An endpoint is left aside, or is no longer. */
  readonly changed: (change: OutlierChange<K>) => void;
}

/** Outlier detection at work: what becomes of requests goes in, and its intervals end in time. */
export class OutlierWatch<K> {
  readonly #environment: OutlierEnvironment<K>;
  #detector: OutlierDetector<K> | undefined;
  #options: OutlierOptions | undefined;
  #endedByCheck = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(environment: OutlierEnvironment<K>) {
    this.#environment = environment;
  }

  /** Other options, and who is watched. Ejections last, unless nobody is to be ejected any more. */
  update(config: OutlierConfig | undefined, keys: Iterable<K>): void {
    const { random, now } = this.#environment;
    this.#options = config?.options;
    this.#endedByCheck = config?.endedByCheck ?? false;
    if (!config) {
      this.close();
      this.#detector = undefined;
      return;
    }
    if (this.#detector) this.#detector.configure(config.options);
    else this.#detector = new OutlierDetector(config.options, random, now());
    this.#detector.update(keys);
    if (this.#timer) this.#arm();
  }

  isEjected(key: K): boolean {
    return this.#detector?.isEjected(key) ?? false;
  }

  /** It has answered with that status, or with what comes to the same. */
  answered(key: K, status: number): void {
    const detector = this.#wake();
    if (detector) this.#tell(detector.responded(key, status, this.#environment.now()));
  }

  /** It has not answered, or not to the end. */
  failed(key: K, { reason }: UpstreamFailure): void {
    // A limit of the cluster, or its end, is nobody's fault.
    if (reason === 'overflow' || reason === 'retired') return;
    const status = reason === 'timeout' ? 504 : 503;
    const detector = this.#wake();
    if (detector) this.#tell(detector.failedLocally(key, status, this.#environment.now()));
  }

  /** An active check has succeeded. */
  checked(key: K): void {
    if (!this.#endedByCheck || !this.#detector) return;
    this.#tell(this.#detector.recovered(key, this.#environment.now()));
  }

  /** Ends no more intervals until there is something new. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wake(): OutlierDetector<K> | undefined {
    const detector = this.#detector;
    if (!detector || this.#timer) return detector;
    // An interval begins with what happens first after a time in which nothing did.
    detector.tick(this.#environment.now());
    this.#arm();
    return detector;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { now } = this.#environment;
    const left = Math.max(0, (this.#detector?.deadline ?? 0) - now());
    const wait = Math.min(left, this.#options?.interval ?? left);
    this.#timer = setTimeout(() => this.#tick(), wait);
    this.#timer.unref();
  }

  #tick(): void {
    const detector = this.#detector;
    this.#timer = undefined;
    if (!detector) return;
    for (const change of detector.tick(this.#environment.now())) this.#tell(change);
    if (!detector.calm) this.#arm();
  }

  #tell(change: OutlierChange<K> | undefined): void {
    if (change) this.#environment.changed(change);
  }
}
