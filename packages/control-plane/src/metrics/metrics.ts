import type { Catalog, RegistrySource, ServiceChange } from '@meshkeeper/mesh';
import type { XdsObserver } from '@meshkeeper/xds';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MirrorStatus, Mirrors } from '../mirrors/mirrors.ts';
import { Propagation } from './propagation.ts';

const ENDPOINT_TYPE = 'ClusterLoadAssignment';

/** A control plane's metrics: `meshkeeper_*`, and those of the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #propagation = new Propagation();
  readonly #propagationSeconds: Histogram;
  readonly #nacks: Counter;
  readonly #changes: Counter;
  /** What the xDS server tells. */
  readonly observer: XdsObserver;

  /** `now`: milliseconds since the epoch. */
  constructor(
    sources: readonly RegistrySource[],
    catalog: Catalog,
    mirrors: Pick<Mirrors, 'status'>,
    streams: () => number,
    now: () => number,
  ) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
    this.#propagationSeconds = new Histogram({
      name: 'meshkeeper_propagation_seconds',
      help: 'From the commit of a change in ZooKeeper to the acknowledgement of a data plane.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#nacks = new Counter({
      name: 'meshkeeper_xds_nacks_total',
      help: 'Responses that a data plane rejected.',
      labelNames: ['type'],
      registers,
    });
    this.#changes = new Counter({
      name: 'meshkeeper_catalog_changes_total',
      help: 'Changes of services in what is served.',
      labelNames: ['type'],
      registers,
    });
    gauge('meshkeeper_xds_streams', 'Data planes that are connected.', streams);
    gauge('meshkeeper_catalog_services', 'Services that are served.', () => {
      return catalog.snapshot.services.size;
    });
    gauge('meshkeeper_catalog_revision', 'Revision of what is served.', () => {
      return catalog.snapshot.revision;
    });
    const alarms = new Gauge({
      name: 'meshkeeper_protection_active',
      help: 'Services whose registry is in doubt: endpoints that it lost are held.',
      labelNames: ['reason'],
      registers,
      collect() {
        for (const reason of ['mass-drop', 'last-instance'] as const) {
          const services = [...catalog.alarms.values()].filter((alarm) => alarm.reason === reason);
          alarms.set({ reason }, services.length);
        }
      },
    });
    gauge(
      'meshkeeper_held_endpoints',
      'Endpoints served although their registry lacks them.',
      () => {
        let held = 0;
        for (const [, states] of catalog.allHeld()) held += states.size;
        return held;
      },
    );
    perSource(
      'meshkeeper_registry_staleness_seconds',
      'Since when a registry could not be read; 0 while it is read.',
      ({ state }) => {
        return state.type === 'stale' ? Math.max(0, now() - state.since) / 1000 : 0;
      },
    );
    perSource(
      'meshkeeper_registry_up',
      '1 while a registry is read completely and watched.',
      ({ state }) => {
        return state.type === 'live' ? 1 : 0;
      },
    );
    perSource(
      'meshkeeper_registry_problems',
      'Znodes of a registry that could not be used.',
      ({ problems }) => {
        return problems.size;
      },
    );
    perMirror(
      'meshkeeper_mirrored_endpoints',
      'Endpoints that this replica has published in the tree of another dialect.',
      ({ mirrored }) => mirrored,
    );
    perMirror(
      'meshkeeper_mirror_problems',
      'Endpoints that are to be mirrored and could not be.',
      ({ problems }) => problems.length,
    );
    this.observer = {
      acked: (event) => {
        if (!event.typeUrl.endsWith(ENDPOINT_TYPE)) return;
        for (const seconds of this.#propagation.acked(event, event.ackedAt))
          this.#propagationSeconds.observe(seconds);
      },
      nacked: ({ typeUrl }) =>
        this.#nacks.inc({ type: typeUrl.slice(typeUrl.lastIndexOf('.') + 1) }),
    };

    function gauge(name: string, help: string, value: () => number): void {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    }

    function perMirror(name: string, help: string, value: (status: MirrorStatus) => number): void {
      new Gauge({
        name,
        help,
        labelNames: ['mirror'],
        registers,
        collect() {
          for (const status of mirrors.status)
            this.set({ mirror: status.rule.name }, value(status));
        },
      });
    }

    function perSource(
      name: string,
      help: string,
      value: (source: RegistrySource) => number,
    ): void {
      new Gauge({
        name,
        help,
        labelNames: ['registry'],
        registers,
        collect() {
          for (const source of sources) this.set({ registry: source.name }, value(source));
        },
      });
    }
  }

  /** A snapshot is handed to the data planes at `at`: milliseconds since the epoch. */
  published(changes: readonly ServiceChange[], at: number): void {
    this.#propagation.published(changes, at);
    for (const { type } of changes) this.#changes.inc({ type });
  }

  /** Everything in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
