import type { Endpoint } from '../model/endpoint.ts';

/** Who leads the services of which that is followed. */
export class Leaders {
  /** The id of an endpoint by service; undefined: none of them leads. */
  readonly #leaders = new Map<string, string | undefined>();

  /** Takes who leads; false when that was known. */
  elect(service: string, endpoint: string | undefined): boolean {
    if (this.#leaders.has(service) && this.#leaders.get(service) === endpoint) return false;
    this.#leaders.set(service, endpoint);
    return true;
  }

  /** It is not followed any more who leads; false when it was not. */
  forget(service: string): boolean {
    return this.#leaders.delete(service);
  }

  /** The endpoints with their roles; as they are said where that is not followed. */
  apply(service: string, endpoints: readonly Endpoint[]): readonly Endpoint[] {
    if (!this.#leaders.has(service)) return endpoints;
    const leader = this.#leaders.get(service);
    return endpoints.map((endpoint) => {
      if ((endpoint.role === 'leader') === (endpoint.id === leader)) return endpoint;
      const { role: _, ...rest } = endpoint;
      return endpoint.id === leader ? { ...rest, role: 'leader' } : rest;
    });
  }
}
