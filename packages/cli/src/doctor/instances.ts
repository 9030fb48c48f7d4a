import type { Facts } from './facts.ts';

/** An instance as the catalog has it. */
export interface Instance {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

/** Services that are looked into. */
const SERVICES = 50;

/** Instances of the catalog, those of the first services if there are many. */
export async function instancesOf(facts: Facts): Promise<readonly Instance[]> {
  const { services } = await facts.view<{ services: readonly { name: string }[] }>('/services');
  const lists = await Promise.all(
    services.slice(0, SERVICES).map(async ({ name }) => {
      const path = `/services/${encodeURIComponent(name)}/endpoints`;
      const { endpoints } = await facts.view<{ endpoints: readonly Omit<Instance, 'service'>[] }>(
        path,
      );
      return endpoints.map(({ id, address, port }) => ({ service: name, id, address, port }));
    }),
  );
  return lists.flat();
}
