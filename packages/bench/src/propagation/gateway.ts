import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Envoy, freePort, startEnvoy } from '@meshkeeper/testbed';

const MESHKEEPER = join(import.meta.dirname, '../../../cli/bin/meshkeeper.js');

/** A real Envoy as a gateway, with the bootstrap that `meshkeeper bootstrap envoy` prints. */
export async function startGateway(xds: string, signal: AbortSignal): Promise<Envoy> {
  const listen = ['--gateway-listen', `127.0.0.1:${await freePort()}`];
  const admin = ['--admin-listen', '127.0.0.1:0'];
  const argv = [MESHKEEPER, 'bootstrap', 'envoy', '--xds', xds, ...listen, ...admin];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { signal });
  return startEnvoy({ config: stdout, logLevel: 'warning', signal });
}
