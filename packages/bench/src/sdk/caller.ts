/**
 * Calls in a process of its own, and says what a request cost: `caller.ts mesh|fetch ROUNDS REQUESTS PORT PORT`.
 * Both ask for the same: text of so many bytes as the path says, read to its end.
 */
import { diff, EMPTY_SNAPSHOT, NO_LOCALITY, type Service } from '@meshkeeper/mesh';
import { connect } from '@meshkeeper/sdk';
import { startXdsServer } from '@meshkeeper/xds';
import { type Cost, PATHS } from './protocol.ts';

const [subject, rounds = '1', requests = '1000', ...ports] = process.argv.slice(2);
const AT_ONCE = 32;

/** A control plane that knows the instances, in this process: it says nothing while it is measured. */
async function home() {
  const server = await startXdsServer({ listen: { host: '127.0.0.1', port: 0 } });
  const endpoints = ports.map((port) => ({
    ...{ id: port, address: '127.0.0.1', port: Number(port), weight: 100, locality: NO_LOCALITY },
    ...{ health: 'healthy' as const, metadata: {} },
    origin: { registry: 'bench', path: `/${port}`, czxid: 1n, mzxid: 1n, mtime: 0 },
  }));
  const service: Service = { name: 'bench', protocol: 'http', endpoints };
  const services = EMPTY_SNAPSHOT.services.with(new Map([['bench', service]]));
  const snapshot = { ...EMPTY_SNAPSHOT, revision: 1, services };
  server.update(snapshot, diff(EMPTY_SNAPSHOT, snapshot));
  const { host, port } = server.address;
  const mesh = await connect({ xds: `${host}:${port}`, drainOn: false });
  return { server, mesh };
}

async function callers() {
  if (subject === 'fetch') {
    let turn = 0;
    const call = (path: string) => fetch(`http://127.0.0.1:${ports[turn++ % ports.length]}${path}`);
    return { call, close: async () => {} };
  }
  const { server, mesh } = await home();
  const close = async () => {
    await mesh.close();
    await server.close();
  };
  return { call: (path: string) => mesh.fetch(`http://bench${path}`), close };
}

const { call, close } = await callers();

async function round(path: string): Promise<Cost> {
  let left = Number(requests);
  const worker = async () => {
    while (left-- > 0) await (await call(path)).arrayBuffer();
  };
  const cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { path, microseconds: (user + system) / Number(requests) };
}

const costs: Cost[] = [];
for (const path of PATHS) await round(path);
for (let i = 0; i < Number(rounds); i++) for (const path of PATHS) costs.push(await round(path));
await close();
console.log(JSON.stringify(costs));
process.exit(0);
