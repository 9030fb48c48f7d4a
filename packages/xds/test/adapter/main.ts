/**
 * The adapter of the conformance harness, over our server, until it is interrupted:
 *
 *     npm run xds-adapter -- --xds 127.0.0.1:18000 --adapter 127.0.0.1:17000
 */
import { parseArgs } from 'node:util';
import { formatHostPort, type HostPort, parseHostPort } from '../../src/index.ts';
import { AdapterServer } from './adapter-server.ts';

const { values } = parseArgs({
  options: {
    xds: { type: 'string', default: '127.0.0.1:18000' },
    adapter: { type: 'string', default: '127.0.0.1:17000' },
  },
});

function hostPort(flag: string, text: string): HostPort {
  const at = parseHostPort(text);
  if (at === undefined) throw new Error(`--${flag}: expected address:port, got ${text}`);
  return at;
}

const server = await AdapterServer.start({
  xds: hostPort('xds', values.xds),
  adapter: hostPort('adapter', values.adapter),
  delay: 20,
});
const [xds, adapter] = [formatHostPort(server.xds), formatHostPort(server.adapter)];
process.stdout.write(`${JSON.stringify({ event: 'ready', xds, adapter })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server[Symbol.asyncDispose]());
