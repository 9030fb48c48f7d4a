import type { XdsObserver, XdsServer } from '@meshkeeper/xds';
import { LoadStore } from '../load/load-store.ts';
import { observers } from '../metrics/observers.ts';
import { Convergence } from './convergence.ts';
import { DataPlaneKinds } from './data-plane-kinds.ts';
import { Deliveries } from './deliveries.ts';
import { DepartedProxies } from './departed.ts';
import { ProxyChanges } from './proxy-changes.ts';
import { RevisionTimes } from './revision-times.ts';

/** The way back: what the data planes of this replica have, had, and report. */
export class DataPlanes {
  readonly convergence: Convergence;
  readonly departed: DepartedProxies;
  readonly deliveries = new Deliveries();
  readonly kinds = new DataPlaneKinds();
  readonly times = new RevisionTimes();
  readonly changes = new ProxyChanges();
  readonly loads: LoadStore;
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly #xds: () => XdsServer;

  /** @param now milliseconds since the epoch */
  constructor(xds: () => XdsServer, now: () => number) {
    this.#xds = xds;
    this.now = now;
    this.convergence = new Convergence(xds, now);
    this.departed = new DepartedProxies(now);
    this.loads = new LoadStore(now);
    this.observer = observers(
      this.convergence.observer,
      this.departed.observer,
      this.deliveries.observer,
      this.kinds.observer,
      this.loads.observer,
      // The last: whoever follows asks the others.
      this.changes.observer,
    );
  }

  /** The xDS server that serves them. */
  get server(): XdsServer {
    return this.#xds();
  }
}
