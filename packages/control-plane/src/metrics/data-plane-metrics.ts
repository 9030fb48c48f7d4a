import type { ServiceChange } from '@meshkeeper/mesh';
import type { ConnectedProxy, Judged, XdsObserver } from '@meshkeeper/xds';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { Commits } from './commits.ts';
import { observers } from './observers.ts';
import { Propagation } from './propagation.ts';

const ENDPOINT_TYPE = 'ClusterLoadAssignment';
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Kinds of data planes, by how they call themselves. */
const FLAVOURS = ['envoy', 'grpc', 'embedded', 'other'] as const;

/** What is measured at the data planes. */
export class DataPlaneMetrics {
  readonly #commits = new Commits();
  readonly #propagation = new Propagation();
  readonly #propagationSeconds: Histogram;
  readonly #pushSeconds: Histogram;
  readonly #streams: Gauge;
  readonly #nacks: Counter;
  /** What the xDS server tells. */
  readonly observer: XdsObserver;

  /** @param sources names of the registries */
  constructor(registry: Registry, sources: readonly string[]) {
    const registers = [registry];
    this.#propagationSeconds = new Histogram({
      name: 'meshkeeper_propagation_seconds',
      help: 'From the commit of a change in ZooKeeper to its acknowledgement by a data plane that wants it.',
      buckets: BUCKETS,
      registers,
    });
    this.#pushSeconds = new Histogram({
      name: 'meshkeeper_xds_push_seconds',
      help: 'From when a change of a service is served to its acknowledgement by a data plane that wants it.',
      buckets: BUCKETS,
      registers,
    });
    this.#streams = new Gauge({
      name: 'meshkeeper_xds_streams',
      help: 'Streams of data planes that are connected.',
      labelNames: ['flavour'],
      registers,
    });
    for (const flavour of FLAVOURS) this.#streams.set({ flavour }, 0);
    this.#nacks = new Counter({
      name: 'meshkeeper_xds_nacks_total',
      help: 'Responses that a data plane rejected.',
      labelNames: ['type', 'flavour'],
      registers,
    });
    const commits = this.#commits;
    new Gauge({
      name: 'meshkeeper_registry_clock_skew_seconds',
      help: "How far a registry's clock is behind ours, where that is more than the way of its quickest change; negative: ahead.",
      labelNames: ['registry'],
      registers,
      collect() {
        for (const name of sources) this.set({ registry: name }, commits.correction(name) / 1000);
      },
    });
    const own: XdsObserver = {
      connected: (proxy) => this.#streams.inc({ flavour: flavourOf(proxy) }),
      disconnected: (proxy) => this.#streams.dec({ flavour: flavourOf(proxy) }),
      acked: (event) => this.#acked(event, event.ackedAt),
      nacked: ({ typeUrl, proxy }) => {
        const type = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
        this.#nacks.inc({ type, flavour: flavourOf(proxy) });
      },
    };
    this.observer = observers(own, this.#propagation.observer);
  }

  /** A registry was read as a whole. */
  reset(registry: string): void {
    this.#commits.reset(registry);
  }

  /** These changes are handed to the data planes at `at`: milliseconds since the epoch. */
  published(changes: readonly ServiceChange[], revision: number, at: number): void {
    this.#propagation.published(changes, this.#commits.of(changes, at), revision, at);
  }

  /** The catalog was committed, whether something has changed or not. */
  committed(at: number): void {
    this.#commits.settled(at);
  }

  #acked(event: Judged, ackedAt: number): void {
    if (!event.typeUrl.endsWith(ENDPOINT_TYPE)) return;
    for (const { propagation, push } of this.#propagation.acked(event, ackedAt)) {
      if (propagation !== undefined) this.#propagationSeconds.observe(propagation);
      this.#pushSeconds.observe(push);
    }
  }
}

/** Which of {@link FLAVOURS} a data plane is of. */
function flavourOf({ userAgent }: ConnectedProxy): (typeof FLAVOURS)[number] {
  if (/^grpc/i.test(userAgent)) return 'grpc';
  if (userAgent === 'envoy') return 'envoy';
  return userAgent === 'meshkeeper' ? 'embedded' : 'other';
}
