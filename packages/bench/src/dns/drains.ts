import { Resolver } from 'node:dns/promises';
import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { encodeInstance } from '@meshkeeper/registries';
import { startZooKeeper, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';

const SERVICES = 100;
const ENDPOINTS = 10;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Milliseconds from the reply to the write of an operator's overlay, in a real ZooKeeper, until DNS
 * answers without the endpoint that drains, or with it again: of `count` such changes.
 */
export async function drains(count: number, signal: AbortSignal): Promise<number[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  const zk = stack.use(await connect({ connect: server.connect }));
  for (const path of ['/discovery', '/meshkeeper', '/meshkeeper/overlays']) await zk.create(path);
  for (let i = 0; i < SERVICES; i++) {
    await zk.create(`/discovery/s${i}`);
    await Promise.all(
      Array.from({ length: ENDPOINTS }, (_, j) =>
        zk.create(`/discovery/s${i}/${j}`, instance(i, j)),
      ),
    );
  }
  const listen = { listen: '127.0.0.1:0' };
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: server.connect },
      controlPlane: { api: listen, xds: listen, dns: listen },
    },
  });
  const plane = stack.use(await startControlPlane({ config, logger: SILENT }, { signal }));
  await plane.ready;
  const resolver = new Resolver({ timeout: 1_000 });
  resolver.setServers([plane.dns]);
  const answers = async (service: number) =>
    (await resolver.resolve4(`s${service}.mesh`).catch(() => [])).length;
  await until(async () => (await answers(SERVICES - 1)) === ENDPOINTS);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const service = (i >> 1) % SERVICES;
    const folder = `/meshkeeper/overlays/s${service}`;
    const isDrain = i % 2 === 0;
    if (isDrain && (await zk.exists(folder)) === null) await zk.create(folder);
    if (isDrain) await zk.create(`${folder}/3`, Buffer.from('{"drain":true}'));
    else await zk.delete(`${folder}/3`);
    const from = performance.now();
    while ((await answers(service)) !== ENDPOINTS - (isDrain ? 1 : 0)) signal.throwIfAborted();
    times.push(performance.now() - from);
  }
  return times;
}

function instance(service: number, endpoint: number): Buffer {
  return encodeInstance({
    ...{ name: `s${service}`, id: `${endpoint}`, address: `10.1.${service}.${endpoint}` },
    ...{ port: 80, sslPort: null, payload: null, registrationTimeUTC: 1 },
    ...{ serviceType: 'DYNAMIC', uriSpec: null },
  });
}
