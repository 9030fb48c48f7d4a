import type { Catalog } from '@meshkeeper/mesh';
import type { AlsoIn } from './select.ts';

/** Of a catalog: an instance that is registered twice is in both registries. */
export function alsoIn(catalog: Catalog): (service: string) => AlsoIn {
  return (service) =>
    new Map(
      catalog
        .explain(service)
        .endpoints.map(({ id, registrations }) => [
          id,
          new Set(registrations.map(({ source }) => source)),
        ]),
    );
}
