import type { LoadReport, RequestCounts, XdsObserver } from '@meshkeeper/xds';

/** Reports that are kept, one a data plane and cluster, and endpoints of each. */
const KEPT = 20_000;
const ENDPOINTS = 1_000;
/** A report that so many of its intervals have not renewed says nothing of now. */
const STALE = 3;
/** The shortest interval that counts for that, in milliseconds. */
const SHORTEST = 5_000;

/** What a data plane puts on something: over its last interval. */
export interface Load extends RequestCounts {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
}

/** The last report of one data plane on one cluster. */
export interface ClusterLoad extends Load {
  /** `node.id`. */
  readonly proxy: string;
  readonly cluster: string;
  /** When it came: milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds that it covers. */
  readonly interval: number;
  /** Requests that it let nobody have. */
  readonly dropped: number;
  readonly endpoints: readonly (Load & { readonly address: string; readonly port: number })[];
}

/** What all data planes together put on an endpoint. */
export interface EndpointLoad extends Load {
  /** How many of them have reported. */
  readonly proxies: number;
}

/** The newest load report of each data plane on each cluster; bounded, and old ones count no more. */
export class LoadStore {
  readonly #now: () => number;
  readonly #reports = new Map<string, ClusterLoad>();
  /** To be told what the xDS server is told. */
  readonly observer: XdsObserver;

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
    this.observer = {
      loadReported: (reports) => {
        for (const report of reports) this.#keep(report);
      },
    };
  }

  /** What a data plane has reported, the busiest cluster first. */
  ofProxy(id: string): readonly ClusterLoad[] {
    return this.#fresh
      .filter(({ proxy }) => proxy === id)
      .sort((a, b) => b.requestsPerSecond - a.requestsPerSecond);
  }

  /**
   * What all data planes put on the endpoints of a service: of its cluster and of its subsets'. A
   * function of address and port; undefined where nobody has reported on the service.
   * @param isService tells whether a cluster called `name/subset` is a service of its own
   */
  ofService(
    name: string,
    isService: (name: string) => boolean,
  ): ((address: string, port: number) => EndpointLoad) | undefined {
    const reports = this.#fresh.filter(
      ({ cluster }) => cluster === name || (cluster.startsWith(`${name}/`) && !isService(cluster)),
    );
    if (reports.length === 0) return undefined;
    const proxies = new Set(reports.map(({ proxy }) => proxy)).size;
    const byAddress = new Map<string, Load>();
    for (const { endpoints } of reports)
      for (const { address, port, ...load } of endpoints) {
        const key = keyOf(address, port);
        byAddress.set(key, sum(byAddress.get(key) ?? NONE, load));
      }
    return (address, port) => ({ ...(byAddress.get(keyOf(address, port)) ?? NONE), proxies });
  }

  get #fresh(): ClusterLoad[] {
    const now = this.#now();
    return [...this.#reports.values()].filter(
      ({ at, interval }) => now - at <= STALE * Math.max(interval, SHORTEST),
    );
  }

  #keep({ proxy, cluster, interval, dropped, localities }: LoadReport): void {
    const key = `${proxy}\0${cluster}`;
    const all = localities.flatMap((locality) => locality.endpoints);
    const endpoints = all.slice(0, ENDPOINTS).map(({ address, port, ...counts }) => ({
      ...{ address, port },
      ...loadOf(counts, interval),
    }));
    const total = localities.reduce<Load>(
      (sofar, { issued, succeeded, failed, inProgress }) =>
        sum(sofar, loadOf({ issued, succeeded, failed, inProgress }, interval)),
      NONE,
    );
    // As the newest: the map is in the order in which they came.
    this.#reports.delete(key);
    const report = { proxy, cluster, at: this.#now(), interval, dropped, endpoints };
    this.#reports.set(key, { ...total, ...report });
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > KEPT && oldest !== undefined) this.#reports.delete(oldest);
  }
}

const NONE: Load = Object.freeze({
  ...{ issued: 0, succeeded: 0, failed: 0, inProgress: 0 },
  ...{ requestsPerSecond: 0, errorsPerSecond: 0 },
});

function loadOf(counts: RequestCounts, interval: number): Load {
  const perSecond = (count: number) => (interval > 0 ? (count * 1000) / interval : 0);
  return {
    ...counts,
    requestsPerSecond: perSecond(counts.issued),
    errorsPerSecond: perSecond(counts.failed),
  };
}

function sum(a: Load, b: Load): Load {
  return {
    issued: a.issued + b.issued,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    inProgress: a.inProgress + b.inProgress,
    requestsPerSecond: a.requestsPerSecond + b.requestsPerSecond,
    errorsPerSecond: a.errorsPerSecond + b.errorsPerSecond,
  };
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}
