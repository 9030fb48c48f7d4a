import { until } from '@meshkeeper/testbed';
import { getJson } from './api.ts';
import { type CommandOptions, type Running, startMeshkeeper } from './command.ts';

/** Starts `meshkeeper control-plane` on free ports, and waits until it has read the registries. */
export async function startControlPlane(
  zookeeper: string,
  options: CommandOptions = {},
): Promise<Running> {
  const listeners = [
    '--api-listen',
    '127.0.0.1:0',
    '--xds-listen',
    '127.0.0.1:0',
    '--dns-listen',
    '127.0.0.1:0',
  ];
  const command = ['control-plane', '--zookeeper', zookeeper, ...listeners];
  const running = await startMeshkeeper(command, options);
  const { api } = running.ready;
  await until(async () => (await getJson<{ status: string }>(`${api}/readyz`)).status === 'ready', {
    message: 'the control plane is ready',
  });
  return running;
}
