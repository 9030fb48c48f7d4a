import type { DnsObserver } from '@meshkeeper/dns';
import type { Catalog, RegistrySource, ServiceChange } from '@meshkeeper/mesh';
import type { XdsObserver } from '@meshkeeper/xds';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { MirrorStatus, Mirrors } from '../mirrors/mirrors.ts';
import type { Destinations } from '../plugins/destinations.ts';
import { DataPlaneMetrics } from './data-plane-metrics.ts';
import { destinationMetrics } from './destination-metrics.ts';
import { dnsMetrics } from './dns-metrics.ts';

/** A control plane's metrics: `meshkeeper_*`, and those of the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #dataPlanes: DataPlaneMetrics;
  readonly #changes: Counter;
  /** What the xDS server tells. */
  readonly observer: XdsObserver;
  /** What the DNS server tells. */
  readonly dnsObserver: DnsObserver;

  /** `now`: milliseconds since the epoch. */
  constructor(
    sources: readonly RegistrySource[],
    catalog: Catalog,
    mirrors: Pick<Mirrors, 'status'>,
    now: () => number,
  ) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
    this.#dataPlanes = new DataPlaneMetrics(
      this.#registry,
      sources.map(({ name }) => name),
    );
    this.observer = this.#dataPlanes.observer;
    this.dnsObserver = dnsMetrics(this.#registry);
    this.#changes = new Counter({
      name: 'meshkeeper_catalog_changes_total',
      help: 'Changes of services in what is served.',
      labelNames: ['type'],
      registers,
    });
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

  /** Where what is served is brought, which is there later than these. */
  watch(destinations: Destinations): void {
    destinationMetrics(this.#registry, destinations);
  }

  /** A registry was read as a whole: the next commit has what that found. */
  reset(registry: string): void {
    this.#dataPlanes.reset(registry);
  }

  /** The catalog was committed at `at`, whether something has changed or not. */
  committed(at: number): void {
    this.#dataPlanes.committed(at);
  }

  /** A snapshot is handed to the data planes at `at`: milliseconds since the epoch. */
  published(changes: readonly ServiceChange[], revision: number, at: number): void {
    this.#dataPlanes.published(changes, revision, at);
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
