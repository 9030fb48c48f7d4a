import type { SessionState } from '../session/session-state.ts';
import type { WatchEvent } from '../watches/watch-event.ts';
import type { ZooKeeperErrorCode } from '../zookeeper-error.ts';
import { Histogram, type HistogramSnapshot } from './histogram.ts';
import type {
  CallOutcome,
  ObservedCall,
  ObservedClient,
  Observer,
  WatchCounts,
} from './observer.ts';

/** Upper bounds of the latency buckets, in milliseconds. */
const BOUNDS = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000];

/** Figures of one client at one moment. Counts are since its start. */
export interface MetricsSnapshot {
  /** From a call to its answer, waiting for a connection included, by operation. */
  readonly latency: Readonly<Record<string, HistogramSnapshot>>;
  /** Calls that failed, by code; `NO_NODE` and the like are answers as well as others. */
  readonly errors: Readonly<Partial<Record<ZooKeeperErrorCode, number>>>;
  /** Calls whose answer has not come. */
  readonly inFlight: number;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Sessions that expired. */
  readonly expirations: number;
  /** Notifications that came, by type. */
  readonly notifications: Readonly<Record<string, number>>;
  /** Watched paths, by list. */
  readonly watches: WatchCounts;
  readonly state: SessionState['type'];
}

/**
 * An observer that counts, in memory. Read it from a prom-client gauge's or histogram's `collect()`,
 * or wherever figures are asked for. One for each client.
 */
export class ClientMetrics implements Observer {
  readonly #latency = new Map<string, Histogram>();
  readonly #errors: Partial<Record<ZooKeeperErrorCode, number>> = {};
  readonly #notifications: Record<string, number> = {};
  #client: ObservedClient | undefined;
  #inFlight = 0;
  #connections = 0;
  #expirations = 0;

  attached(client: ObservedClient): void {
    this.#client = client;
  }

  call({ operation }: ObservedCall): (outcome: CallOutcome) => void {
    this.#inFlight++;
    return ({ milliseconds, error }) => {
      this.#inFlight--;
      let latency = this.#latency.get(operation);
      if (latency === undefined) {
        latency = new Histogram(BOUNDS);
        this.#latency.set(operation, latency);
      }
      latency.add(milliseconds);
      if (error !== undefined) this.#errors[error.code] = (this.#errors[error.code] ?? 0) + 1;
    };
  }

  state({ type }: SessionState): void {
    if (type === 'connected') this.#connections++;
    if (type === 'expired') this.#expirations++;
  }

  notified({ type }: WatchEvent): void {
    this.#notifications[type] = (this.#notifications[type] ?? 0) + 1;
  }

  snapshot(): MetricsSnapshot {
    const none = { data: 0, exist: 0, child: 0, persistent: 0, persistentRecursive: 0 };
    return {
      latency: Object.fromEntries(
        Array.from(this.#latency, ([operation, latency]) => [operation, latency.snapshot()]),
      ),
      errors: { ...this.#errors },
      inFlight: this.#inFlight,
      reconnects: Math.max(0, this.#connections - 1),
      expirations: this.#expirations,
      notifications: { ...this.#notifications },
      watches: this.#client?.watchCounts ?? none,
      state: this.#client?.state.type ?? 'connecting',
    };
  }
}
