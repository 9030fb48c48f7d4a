import { join } from 'node:path';
import { javaClient, nativeClient } from '@meshkeeper/testbed';
import type { Command } from '../process/line-process.ts';
import { MADE, NODES, VALUE_SIZE, WATCHES, WINDOWS } from './plan.ts';

/** The clients, ours first; undefined for one that is not installed. */
export const clients: Readonly<Record<string, (server: string) => Command | undefined>> = {
  meshkeeper: (server) => node('meshkeeper', server),
  'node-zookeeper-client': (server) => node('node-zookeeper-client', server),
  zookeeper: (server) => (nativeClient() === undefined ? undefined : node('zookeeper', server)),
  java(server) {
    const slots = Math.max(...WINDOWS);
    const plan = { nodes: NODES, count: WATCHES, made: MADE, slots, valueSize: VALUE_SIZE };
    return javaClient([server, JSON.stringify(plan)]);
  },
};

function node(name: string, server: string): Command {
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
  const main = join(import.meta.dirname, 'client-main.ts');
  return { command: process.execPath, args: ['--conditions=source', ...flags, main, name, server] };
}
