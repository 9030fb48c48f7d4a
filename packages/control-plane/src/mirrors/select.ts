import type { Service } from '@meshkeeper/mesh';
import type { MirrorRule } from '../config/mirror-schema.ts';

/** The registries that have an endpoint, by its id. */
export type AlsoIn = ReadonlyMap<string, ReadonlySet<string>>;

const NOWHERE_ELSE: AlsoIn = new Map();

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

  /**
   * The service with the endpoints that are mirrored; undefined when there are none.
   * @param also the registries that have an endpoint besides the one that counts; it is asked only when
   *   that matters
   */
  of(
    service: Service | undefined,
    also: (service: string) => AlsoIn = () => NOWHERE_ELSE,
  ): Service | undefined {
    if (service === undefined || !this.#name.test(service.name)) return undefined;
    let others: AlsoIn | undefined;
    const endpoints = service.endpoints.filter(({ id, origin: { registry } }) => {
      if (this.#home.has(registry)) return false;
      if (this.#registry === undefined || registry === this.#registry) return true;
      others ??= also(service.name);
      return others.get(id)?.has(this.#registry) ?? false;
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
