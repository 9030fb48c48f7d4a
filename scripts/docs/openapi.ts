import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

/** The API's OpenAPI document, as a control plane of its own serves it. */
export async function openApiDocument(): Promise<string> {
  await using server = await startZooKeeperServer({ port: 0 });
  const listen = '127.0.0.1:0';
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: server.connect },
      controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
    },
  });
  const logger = { debug() {}, info() {}, warn() {} };
  await using plane = await startControlPlane({ config, logger });
  const response = await fetch(`${plane.api}/api/v1/openapi.json`);
  return `${JSON.stringify(await response.json(), undefined, 2)}\n`;
}
