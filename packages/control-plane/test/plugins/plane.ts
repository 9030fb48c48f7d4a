import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, startControlPlane } from '../../src/index.ts';

const silent = { debug() {}, info() {}, warn() {} };

/** A control plane on ports of its own, with these plug-ins, by the rest of its configuration. */
export async function startPlane(
  folder: string,
  { controlPlane, ...rest }: { readonly controlPlane?: object; readonly [name: string]: unknown },
) {
  const file = join(folder, 'meshkeeper.yaml');
  const listen = '127.0.0.1:0';
  const listeners = { api: { listen }, xds: { listen }, dns: { listen } };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...rest, controlPlane: { ...listeners, ...controlPlane } }));
  const plane = await startControlPlane({ config: await loadConfig({ file }), logger: silent });
  const get = async (path: string): Promise<unknown> => (await fetch(`${plane.api}${path}`)).json();
  return {
    plane,
    get,
    async endpoints(service: string): Promise<string[]> {
      const { endpoints = [] } = (await get(
        `/api/v1/services/${encodeURIComponent(service)}/endpoints`,
      )) as { endpoints?: { id: string; origin: { registry: string; path: string } }[] };
      return endpoints.map(({ id, origin: { registry, path } }) => `${id} ${registry} ${path}`);
    },
    [Symbol.asyncDispose]: () => plane.close(),
  };
}
