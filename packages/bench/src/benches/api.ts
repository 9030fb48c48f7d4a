import { join } from 'node:path';
import { startZooKeeper, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { fanOut } from '../api/fan-out.ts';
import { type Cost, costs, type Subject, writes } from '../api/measure.ts';
import type { LoadRequest, Recorded } from '../api/protocol.ts';
import type { Bench, BenchContext, Row } from '../bench.ts';
import { fill } from '../catalog-load/fill.ts';
import { instanceOf, serviceName } from '../catalog-load/tree.ts';
import { runScript } from '../process/child.ts';

/** Where a control plane looks that is told of no registry. */
const ROOT = '/discovery';
const SERVICES = 1_000;
const EACH = 3;
/** Many more than requests at a time: each has one that keeps it, not two who are in each other's way. */
const LEASES = 256;
const STREAMS = 200;
const EVENTS = 1_000;
const ROUNDS = { rounds: 3, seconds: 2 };
const JSON_BODY = { 'content-type': 'application/json' };

const bench: Bench = {
  name: 'api',
  description: 'Requests of the HTTP API, beside a bare fastify server and writes to ZooKeeper',
  run,
};

export default bench;

/** What is asked, and the route of the bare server that answers the same. */
interface Case {
  readonly name: string;
  readonly route: string;
  readonly request: Pick<LoadRequest, 'method' | 'paths' | 'headers' | 'body'>;
  readonly writes: boolean;
}

const shop = serviceName(7);
const registered = (i: number) => `/api/v1/services/bench/endpoints/i-${i}`;
const held = (i: number) => `/api/v1/locks/bench-${i}`;
const all = (path: (i: number) => string) => Array.from({ length: LEASES }, (_, i) => path(i));

const CASES: readonly Case[] = [
  read('GET /services, of 1,000', '/api/v1/services', '/api/v1/services'),
  read('GET a service', '/api/v1/services/:service', `/api/v1/services/${shop}`),
  read(
    'GET the endpoints of a service',
    '/api/v1/services/:service/endpoints',
    `/api/v1/services/${shop}/endpoints`,
  ),
  {
    name: 'heartbeat of a registration',
    route: '/api/v1/services/:service/endpoints/:id/heartbeat',
    request: { method: 'POST', paths: all((i) => `${registered(i)}/heartbeat`), headers: {} },
    writes: true,
  },
  {
    name: 'keep-alive of a lock',
    route: '/api/v1/locks/:name/:holder',
    request: { method: 'PUT', paths: all((i) => `${held(i)}/bench`), headers: {} },
    writes: true,
  },
  {
    name: 'POST with an idempotency key',
    route: '/api/v1/policies/apply',
    request: {
      method: 'POST',
      paths: ['/api/v1/policies/apply?dryRun'],
      headers: { ...JSON_BODY, 'idempotency-key': '{n}' },
      body: '[]',
    },
    writes: true,
  },
];

function read(name: string, route: string, path: string): Case {
  return { name, route, request: { method: 'GET', paths: [path], headers: {} }, writes: false };
}

async function run({ signal, progress }: BenchContext): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startZooKeeper({ signal }));
  const zk = stack.use(await connect({ connect: server.connect, sessionTimeout: 30_000 }));
  progress(`${SERVICES} services of ${EACH}`);
  await fill(server.connect, { services: SERVICES, each: EACH }, signal, ROOT);
  const folder = join(import.meta.dirname, '..');
  const plane = stack.use(
    await runScript(join(folder, 'config/replica.ts'), [server.connect], signal),
  );
  const bare = stack.use(await runScript(join(folder, 'api/bare.ts'), [], signal));
  const ours: Subject = { child: plane, port: Number(new URL(plane.said).port) };
  const peer: Subject = { child: bare, port: Number(bare.said) };
  await prepare(plane.said, signal);
  const rows: Row[] = [];
  for (const { name, route, request, writes: isWrite } of CASES) {
    progress(name);
    await record(plane.said, peer, route, request, signal);
    const [own, its] = await costs([ours, peer], request, ROUNDS, signal);
    if (own === undefined || its === undefined) throw new Error('nothing was measured');
    const zookeeper = isWrite ? await writes(server.connect, ROUNDS.seconds, signal) : undefined;
    rows.push(...rowsOf(name, own, { 'bare fastify': its, ...(zookeeper && { zookeeper }) }));
  }
  progress(`events to ${STREAMS} streams`);
  rows.push(await fanOutRow(ours, peer, zk, signal));
  return rows;
}

function rowsOf(name: string, own: Cost, peers: Readonly<Record<string, Cost>>): Row[] {
  const entries = Object.entries(peers);
  const of = (field: keyof Cost) =>
    Object.fromEntries(entries.map(([peer, cost]) => [peer, cost[field]]));
  return [
    { case: `${name}: per second`, unit: '1/s', ours: own.perSecond, peers: of('perSecond') },
    { case: `${name}: CPU of each`, unit: 'µs', ours: own.microseconds, peers: of('microseconds') },
  ];
}

/** Registers what sends heartbeats, acquires what is kept alive. */
async function prepare(api: string, signal: AbortSignal): Promise<void> {
  const call = async (method: string, path: string, body: unknown) => {
    const init = { method, headers: JSON_BODY, body: JSON.stringify(body), signal };
    const response = await fetch(`${api}${path}`, init);
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  };
  await Promise.all(
    Array.from({ length: LEASES }, async (_, i) => {
      await call('PUT', registered(i), { address: '10.9.0.1', port: 1_000 + i, ttl: '10m' });
      await call('POST', held(i), { holder: 'bench', ttl: '10m' });
    }),
  );
  await until(async () => (await fetch(`${api}/api/v1/services/${shop}`, { signal })).ok);
}

/** Has the bare server answer what the API answers. */
async function record(
  api: string,
  peer: Subject,
  path: string,
  { method, paths, headers, body }: Case['request'],
  signal: AbortSignal,
): Promise<void> {
  const key = { 'idempotency-key': `record-${process.pid}` };
  const response = await fetch(`${api}${paths[0]}`, {
    ...{ method, signal, headers: { ...headers, ...(body !== undefined && key) } },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${paths[0]}: ${text}`);
  const recorded: Recorded = { method, path, status: response.status, body: text };
  await ask(peer, 'PUT', '/record', recorded, signal);
}

async function ask(
  { port }: Subject,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<void> {
  const init = { method, headers: JSON_BODY, body: JSON.stringify(body), signal };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  if (!response.ok) throw new Error(await response.text());
  await response.arrayBuffer();
}

/** Changes of the catalog, each told to all who follow; the bare server sends the same bytes. */
async function fanOutRow(
  ours: Subject,
  peer: Subject,
  zk: ZooKeeper,
  signal: AbortSignal,
): Promise<Row> {
  let turn = 0;
  const change = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const { path, data } = instanceOf(i % SERVICES, 0, ++turn, ROOT);
      await zk.set(path, data);
    }
  };
  const load = { streams: STREAMS, count: EVENTS };
  const own = await fanOut(ours, '/api/v1/events?kinds=service', load, change, signal);
  const publish = (times: number) =>
    ask(peer, 'POST', '/publish', { event: own.event, times }, signal);
  const its = await fanOut(peer, '/events', load, publish, signal);
  return {
    case: `an event to ${STREAMS} streams: CPU of each`,
    unit: 'µs',
    ours: own.microseconds,
    peers: { 'bare fastify': its.microseconds },
  };
}
