import { until } from '@meshkeeper/testbed';

/** An endpoint as the API shows it. */
export interface EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly health: string;
  readonly held: boolean;
  /** Why it is held. */
  readonly protection?: { readonly reason: string };
  readonly origin: { readonly registry: string; readonly path: string };
}

/** A data plane as the API shows it. */
export interface ProxyView {
  readonly id: string;
  readonly types: readonly { readonly type: string; readonly state: string }[];
}

/** `GET /services`. */
export interface ServicesView {
  readonly services: readonly { readonly name: string; readonly endpoints: number }[];
  readonly registries: readonly {
    readonly name: string;
    readonly state: string;
    readonly problems: readonly {
      readonly path: string;
      readonly code: string;
      readonly message: string;
    }[];
  }[];
}

/** Reads JSON from the API, whatever the status. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  // The caller names what the API's documentation says.
  return (await response.json()) as T;
}

/** A service's endpoints; none while it is not known. */
export async function endpointsOf(api: string, service: string): Promise<readonly EndpointView[]> {
  const path = `${api}/api/v1/services/${encodeURIComponent(service)}/endpoints`;
  const { endpoints = [] } = await getJson<{ endpoints?: EndpointView[] }>(path);
  return endpoints;
}

/**
 * Waits until the catalog has just these endpoints of a service, by id, and every data plane has
 * acknowledged all it was sent.
 */
export async function settled(
  api: string,
  service: string,
  ids: readonly string[],
  { timeout, draining = [] }: { readonly timeout?: number; readonly draining?: string[] } = {},
): Promise<void> {
  const wanted = ids.map((id) => `${id}${draining.includes(id) ? ' (draining)' : ''}`).join();
  await until(
    async () => {
      const endpoints = await endpointsOf(api, service);
      const seen = endpoints.map(
        ({ id, health }) => `${id}${health === 'draining' ? ' (draining)' : ''}`,
      );
      return seen.sort().join() === wanted && (await synced(api));
    },
    { timeout, message: `${service} is [${wanted}] at every data plane` },
  );
}

/** Whether every connected data plane has acknowledged all it was sent. */
export async function synced(api: string): Promise<boolean> {
  const { proxies } = await getJson<{ proxies: readonly ProxyView[] }>(`${api}/api/v1/proxies`);
  return proxies.every(({ types }) => types.every(({ state }) => state === 'synced'));
}

/** The samples of a metric: by the value of its `registry` label, or `''`. */
export async function metric(api: string, name: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${api}/metrics`);
  const samples = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const match = new RegExp(`^${name}(?:\\{registry="([^"]*)"\\})? (\\S+)$`).exec(line);
    if (match !== null) samples.set(match[1] ?? '', Number(match[2]));
  }
  return samples;
}
