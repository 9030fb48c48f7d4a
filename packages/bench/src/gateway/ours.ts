/** The embedded proxy alone in a process: `ours.ts XDS_PORT`. */
import { startProxy } from '@meshkeeper/proxy';

const proxy = await startProxy({
  xds: { address: { host: '127.0.0.1', port: Number(process.argv[2]) } },
  node: { id: 'bench', cluster: 'bench' },
  listeners: { gateway: { host: '127.0.0.1', port: 0 } },
});
process.once('SIGTERM', () => void proxy.close());
console.log(proxy.listeners.get('gateway')?.port);
