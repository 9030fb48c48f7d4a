import type { Locality, Protocol } from '@meshkeeper/mesh';
import type { Readiness } from './readiness.ts';

/** What is registered, and how. Times in milliseconds. */
export interface RegistrationOptions {
  /** Default: the service that `connect` was told. */
  readonly service?: string;
  /** Unique within the service. Default: a random one. */
  readonly id?: string;
  /** Where others reach it. Default: this machine's first address that is not its own. */
  readonly address?: string;
  readonly port: number;
  /** Default `http`. */
  readonly protocol?: Protocol;
  /** Share of the load relative to its peers. Default 100. */
  readonly weight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default: what `connect` was told. */
  readonly locality?: Partial<Locality>;
  /**
   * Whether it can take requests. Until it can for the first time it is not registered; when it can't any more it is
   * `draining`, or taken out where the registry has no way to say that. What it throws is a no. Default: always.
   */
  readonly readiness?: Readiness;
  /** Between two looks at {@link readiness}. Default 2,000. */
  readonly readinessInterval?: number;
  /** How long one look may take. Default 5,000. */
  readonly readinessTimeout?: number;
  /**
   * Resolves at once, and goes on trying to register for as long as it takes: for programs that serve also while the
   * registry is away. Default false.
   */
  readonly background?: boolean;
  /** How it leaves. */
  readonly drain?: DrainOptions;
}

/** How an instance leaves without losing a request. Times in milliseconds. */
export interface DrainOptions {
  /** Time for callers to hear that it has left, in which it goes on serving. Default 1,000. */
  readonly delay?: number;
  /** Called when it has been taken out; resolves when nothing is on its way any more. Default: nothing is. */
  readonly idle?: (signal: AbortSignal) => Promise<void>;
  /** How long {@link idle} may take; then its signal aborts. Default 30,000. */
  readonly timeout?: number;
  /** Called first of all. */
  readonly begin?: () => void;
}
