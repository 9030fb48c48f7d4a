import type { Service } from '@meshkeeper/mesh';
import type { MirrorRule } from '../config/mirror-schema.ts';

/** What of the catalog's services a rule mirrors. Pure. */
export class Selection {
  readonly #registry: string | undefined;
  readonly #name: RegExp;
  readonly #home: ReadonlySet<string>;

  /** `home`: the registries that are where the rule writes to. What is there needs no mirror. */
  constructor({ from }: Pick<MirrorRule, 'from'>, home: Iterable<string>) {
    this.#registry = from.registry;
    this.#name = new RegExp(`^(?:${from.services.map(pattern).join('|')})$`, 'su');
    this.#home = new Set(home);
  }

  /** The service with the endpoints that are mirrored; undefined when there are none. */
  of(service: Service | undefined): Service | undefined {
    if (service === undefined || !this.#name.test(service.name)) return undefined;
    const endpoints = service.endpoints.filter(({ origin: { registry } }) => {
      if (this.#home.has(registry)) return false;
      return this.#registry === undefined || registry === this.#registry;
    });
    if (endpoints.length === 0) return undefined;
    return endpoints.length === service.endpoints.length ? service : { ...service, endpoints };
  }
}

function pattern(glob: string): string {
  return glob
    .replace(/[\\^$.|+()[\]{}/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
}
