import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@meshkeeper/testbed';
import { loadConfig, startControlPlane } from '../../src/index.ts';

const silent = { debug() {}, info() {}, warn() {} };

/** What `/api/v1/mirrors` says of one. */
export interface MirrorView {
  readonly name: string;
  readonly state: 'standby' | 'writing' | 'live';
  readonly mirrored: number;
  readonly problems: readonly { readonly service: string; readonly code: string }[];
}

/** A control plane on ports of its own, by the rest of its configuration. */
export async function startPlane(config: Readonly<Record<string, unknown>>) {
  const folder = await tempDir();
  const file = join(folder.path, 'meshkeeper.yaml');
  const listen = '127.0.0.1:0';
  const { controlPlane, ...rest } = config;
  const listeners = { api: { listen }, xds: { listen }, dns: { listen } };
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify({ ...rest, controlPlane: { ...listeners, ...(controlPlane as object) } }),
  );
  const plane = await startControlPlane({ config: await loadConfig({ file }), logger: silent });
  await folder.close();
  return {
    plane,
    async mirrors(): Promise<MirrorView[]> {
      const response = await fetch(`${plane.api}/api/v1/mirrors`);
      return ((await response.json()) as { mirrors: MirrorView[] }).mirrors;
    },
    async metrics(): Promise<string> {
      return (await fetch(`${plane.api}/metrics`)).text();
    },
    async endpoints(service: string): Promise<string[] | undefined> {
      const name = encodeURIComponent(service);
      const response = await fetch(`${plane.api}/api/v1/services/${name}/endpoints`);
      if (response.status === 404) return undefined;
      const { endpoints } = (await response.json()) as {
        endpoints: { address: string; port: number }[];
      };
      return endpoints.map(({ address, port }) => `${address}:${port}`).sort();
    },
    [Symbol.asyncDispose]: () => plane.close(),
  };
}
