import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startZooKeeper } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { type Command, LineProcess } from '../process/line-process.ts';
import { fill } from './fill.ts';
import type { Cost, Load, Replayed, Request } from './protocol.ts';
import { instanceOf, type Size, serviceName } from './tree.ts';

/** What one size has cost. */
export interface Measured {
  readonly load: Load;
  /** CPU seconds of one change that comes from ZooKeeper. */
  readonly change: number;
  readonly replayed: { readonly load: number; readonly change: number };
}

/** Changes, and how many in a second. */
export interface Churn {
  readonly changes: number;
  readonly rate: number;
}

/** Writes come in groups so many milliseconds apart: a timer can't do better. */
const PACE = 5;

/** Loads a registry of this size, and changes it. */
export async function measure(size: Size, churn: Churn, signal: AbortSignal): Promise<Measured> {
  const replayed = await replay(size, churn.changes, signal);
  await using stack = new AsyncDisposableStack();
  const properties = { 'zookeeper.forceSync': 'no', 'zookeeper.snapCount': 10_000_000 };
  const jvm = ['-Xmx6g', '-XX:TieredStopAtLevel=4'];
  const server = stack.use(await startZooKeeper({ properties, jvm, signal }));
  await fill(server.connect, size, signal);
  const catalog = stack.use(await LineProcess.start('catalog', command(), signal));
  const ask = <T>(request: Request) => catalog.ask<T>(request);
  const load = await ask<Load>({ operation: 'load', server: server.connect });
  await ask({ operation: 'begin' });
  const last = await change(server.connect, size, churn, signal);
  const { cpu } = await ask<Cost>({ operation: 'end', ...last });
  return { load, change: cpu / churn.changes, replayed };
}

async function replay(size: Size, changes: number, signal: AbortSignal) {
  await using catalog = await LineProcess.start('catalog', command(), signal);
  const request: Request = { operation: 'replay', size, changes };
  const replayed = await catalog.ask<Replayed>(request);
  return { load: replayed.load.cpu, change: replayed.changes.cpu / changes };
}

/** Changes one instance after another at a steady rate; gives what the last one says then. */
async function change(server: string, size: Size, churn: Churn, signal: AbortSignal) {
  await using zk = await connect({ connect: server }, { signal });
  const { changes, rate } = churn;
  const began = performance.now();
  const write = async (i: number) => {
    const service = (i * 7919) % size.services;
    const { path, data } = instanceOf(service, i % size.each, 1 + i);
    await zk.set(path, data, { signal });
  };
  let written = 0;
  const underWay: Promise<void>[] = [];
  while (written < changes) {
    const due = Math.min(changes, Math.ceil(((performance.now() - began) / 1000) * rate));
    while (written < due) underWay.push(write(written++));
    await setTimeout(PACE, undefined, { signal });
  }
  await Promise.all(underWay);
  const i = changes - 1;
  const service = (i * 7919) % size.services;
  const id = `${service}-${i % size.each}`;
  return { service: serviceName(service), id, port: 8080 + ((1 + i) % 50_000) };
}

function command(): Command {
  const file = fileURLToPath(new URL('./catalog-process.ts', import.meta.url));
  return { command: process.execPath, args: ['--conditions=source', file] };
}
