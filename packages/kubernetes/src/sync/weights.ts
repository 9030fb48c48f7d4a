import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import type { WeighedEndpoint } from './slice.ts';

/**
 * The weights of a slice's endpoints as an annotation says them: those that are not the usual one, by
 * address. Undefined when there are none. EndpointSlices themselves have no weights.
 */
export function weightsText(endpoints: readonly WeighedEndpoint[]): string | undefined {
  const unusual = endpoints
    .filter(({ weight }) => weight !== DEFAULT_WEIGHT)
    .map(({ endpoint, weight }) => [endpoint.addresses[0], weight] as const)
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return unusual.length === 0 ? undefined : JSON.stringify(Object.fromEntries(unusual));
}

/** What {@link weightsText} says, by address. What is none of ours says nothing. */
export function parseWeights(text: string | undefined): ReadonlyMap<string, number> {
  if (text === undefined) return new Map();
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said !== 'object' || said === null) return new Map();
    return new Map(
      Object.entries(said).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number',
      ),
    );
  } catch {
    return new Map();
  }
}
