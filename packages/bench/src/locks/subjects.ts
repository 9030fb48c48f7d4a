import { join } from 'node:path';
import { component, curatorBenchLocks } from '@meshkeeper/testbed';
import type { Command } from '../process/line-process.ts';
import { CONTENDERS } from './protocol.ts';

/** Who has a mutex, ours first; undefined when it is not installed. */
export const subjects: Readonly<Record<string, (server: string) => Command | undefined>> = {
  meshkeeper: (server) => {
    const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
    const main = join(import.meta.dirname, 'ours.ts');
    const args = ['--conditions=source', ...flags, main, server, '/meshkeeper'];
    return { command: process.execPath, args };
  },

  curator: (server) => curatorBenchLocks([server, '/curator', String(CONTENDERS)]),

  kazoo: (server) => {
    const found = component('kazoo');
    if (!found.ok) return undefined;
    const main = join(import.meta.dirname, 'kazoo-lock.py');
    return { command: found.path, args: ['-B', main, server, '/kazoo', String(CONTENDERS)] };
  },
};
