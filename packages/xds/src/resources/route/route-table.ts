import { type Changed, sync } from '../changed.ts';
import { ResourceSet } from '../resource-set.ts';
import type { RouteConfigurationBuilder } from './route-configuration.ts';
import type { RouteForm } from './route-form.ts';

/** All route configurations in one form, and the virtual hosts that are apart from them. */
export class RouteTable {
  readonly route = new ResourceSet();
  readonly virtualHost = new ResourceSet();
  readonly #form: RouteForm;

  constructor(form: RouteForm) {
    this.#form = form;
  }

  /** Becomes what the builders say; adds what has changed to `changed`. */
  sync(builders: Iterable<RouteConfigurationBuilder>, changed: Changed): void {
    const all = [...builders];
    const form = this.#form;
    if (form === 'inside') {
      const routes = all.map((builder) => builder.inside());
      sync(this.route, routes, 'route', changed);
    } else {
      const routes = all.map((builder) => builder.withoutHosts());
      sync(this.route, routes, 'route', changed);
      const hosts = all.flatMap((builder) => builder.hosts(form));
      sync(this.virtualHost, hosts, 'virtualHost', changed);
    }
  }
}
