import type { Locality } from '@meshkeeper/mesh';

/** The locality that metadata states by `region` and `zone`, where Spring Cloud LoadBalancer looks for it. */
export function statedLocality(
  { region, zone }: Readonly<Record<string, string>>,
  locality: Locality,
): Locality {
  if (region === undefined && zone === undefined) return locality;
  return {
    ...locality,
    ...(region !== undefined && { region }),
    ...(zone !== undefined && { zone }),
  };
}
