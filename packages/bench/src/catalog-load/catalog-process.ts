/** A catalog alone in a process; see `protocol.ts`. */
import { createInterface } from 'node:readline';
import { Catalog, NO_LOCALITY } from '@meshkeeper/mesh';
import { curator, TreeSource } from '@meshkeeper/registries';
import { connect } from '@meshkeeper/zookeeper';
import type { Cost, Load, Replayed, Request } from './protocol.ts';
import { instanceOf, ROOT, type Size } from './tree.ts';

const NAME = 'bench';
const stop = new AbortController();
let catalog = new Catalog([{ name: NAME, priority: 0 }]);
let committed: (() => void) | undefined;
let begun = process.cpuUsage();

function cost(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Runs as the control plane does: what came in one turn of the event loop is one commit. */
async function load(server: string): Promise<Load> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const zk = await connect({ connect: server, onExpired: 'renew' });
  const source = new TreeSource({ name: NAME, dialect: curator, zk, root: ROOT });
  let scheduled = false;
  const commit = () => {
    scheduled = false;
    catalog.commit(performance.now());
    committed?.();
  };
  void (async () => {
    for await (const change of source.changes(stop.signal)) {
      catalog.apply(NAME, change, performance.now());
      if (!scheduled) setImmediate(commit);
      scheduled = true;
    }
    await zk.close();
  })();
  const { promise, resolve } = Promise.withResolvers<void>();
  committed = resolve;
  await promise;
  let endpoints = 0;
  for (const service of catalog.snapshot.services) endpoints += service.endpoints.length;
  const seconds = (performance.now() - began) / 1000;
  return { endpoints, seconds, cpu: cost(cpu), resident: process.memoryUsage.rss() };
}

async function end(service: string, id: string, port: number): Promise<Cost> {
  const served = () =>
    catalog.snapshot.services.get(service)?.endpoints.find((endpoint) => endpoint.id === id)
      ?.port === port;
  while (!served()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    committed = resolve;
    await promise;
  }
  return { cpu: cost(begun) };
}

/** What ZooKeeper would tell, without it: decoded, merged, protected and committed, one by one. */
function replay({ services, each }: Size, changes: number): Replayed {
  let zxid = 0n;
  const znode = (service: number, instance: number, turn: number) => {
    const { path, data } = instanceOf(service, instance, turn);
    const stat = { czxid: 1n, mzxid: ++zxid, ctime: 0, mtime: 0, version: turn, cversion: 0 };
    const more = { aversion: 0, ephemeralOwner: 1n, dataLength: 0, numChildren: 0, pzxid: 1n };
    return { path, data, stat: { ...stat, ...more } };
  };
  catalog = new Catalog([{ name: NAME, priority: 0 }]);
  const reading = curator.reading({ registry: NAME, root: ROOT, locality: NO_LOCALITY });
  let cpu = process.cpuUsage();
  for (let service = 0; service < services; service++)
    for (let instance = 0; instance < each; instance++) reading.put(znode(service, instance, 0));
  const all = [...reading.names].map((name) => reading.service(name)!);
  catalog.apply(NAME, { type: 'reset', services: all }, 0);
  catalog.commit(0);
  const loaded = cost(cpu);
  const recorded = Array.from({ length: changes }, (_, i) =>
    znode((i * 7919) % services, i % each, 1 + i),
  );
  cpu = process.cpuUsage();
  for (const [i, node] of recorded.entries()) {
    for (const name of reading.put(node))
      catalog.apply(NAME, { type: 'upsert', service: reading.service(name)! }, i);
    catalog.commit(i);
  }
  if (catalog.snapshot.revision !== changes + 1)
    throw new Error(`${catalog.snapshot.revision} revisions of ${changes} changes`);
  return { load: { cpu: loaded }, changes: { cpu: cost(cpu) } };
}

function answer(request: Request): Promise<unknown> | unknown {
  switch (request.operation) {
    case 'load':
      return load(request.server);
    case 'begin':
      begun = process.cpuUsage();
      return {};
    case 'end':
      return end(request.service, request.id, request.port);
    case 'replay':
      return replay(request.size, request.changes);
  }
}

console.log('{"ready":true}');
for await (const line of createInterface({ input: process.stdin })) {
  // Our own protocol.
  console.log(JSON.stringify(await answer(JSON.parse(line) as Request)));
}
stop.abort();
