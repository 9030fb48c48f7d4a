import { join } from 'node:path';
import { type Child, runScript } from '../process/child.ts';
import { cpuSeconds } from '../process/cpu-time.ts';
import { median } from '../statistics.ts';
import type { LoadRequest, LoadResult } from './protocol.ts';

/** What a request is to a server. */
export interface Cost {
  readonly perSecond: number;
  /** Of the server's CPU for a request. */
  readonly microseconds: number;
}

/** A server that is measured, in a process of its own. */
export interface Subject {
  readonly child: Child;
  readonly port: number;
}

const CONNECTIONS = 32;
/** Before the first round, so that all is compiled, in seconds. */
const WARM = 0.7;

/** What the same request is to several servers, by turns: what the machine does meanwhile meets all. */
export async function costs(
  subjects: readonly Subject[],
  request: Omit<LoadRequest, 'port' | 'connections' | 'seconds'>,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
  signal: AbortSignal,
): Promise<readonly Cost[]> {
  const found = subjects.map((): Cost[] => []);
  for (const { port } of subjects)
    await load({ ...request, port, connections: CONNECTIONS, seconds: WARM }, signal);
  for (let i = 0; i < rounds; i++)
    for (const [at, { child, port }] of subjects.entries()) {
      const before = cpuSeconds(child.pid);
      const { requests, perSecond } = await load(
        { ...request, port, connections: CONNECTIONS, seconds },
        signal,
      );
      const microseconds = ((cpuSeconds(child.pid) - before) / requests) * 1e6;
      found[at]?.push({ perSecond, microseconds });
    }
  return found.map((each) => ({
    perSecond: median(each.map(({ perSecond }) => perSecond)),
    microseconds: median(each.map(({ microseconds }) => microseconds)),
  }));
}

/** One load from a process of its own. @throws an answer that is none */
async function load(request: LoadRequest, signal: AbortSignal): Promise<LoadResult> {
  const file = join(import.meta.dirname, 'load.ts');
  await using child = await runScript(file, [JSON.stringify(request)], signal);
  // By the process's own protocol.
  const result = JSON.parse(child.said) as LoadResult;
  if (result.failed !== undefined) throw new Error(`${request.method}: ${result.failed}`);
  return result;
}

/** Writes of the bare client to ZooKeeper: so many at once as {@link costs} asks. */
export async function writes(server: string, seconds: number, signal: AbortSignal): Promise<Cost> {
  const file = join(import.meta.dirname, 'writes.ts');
  const args = [server, String(CONNECTIONS), String(seconds), '200'];
  await using child = await runScript(file, args, signal);
  // By the process's own protocol.
  return JSON.parse(child.said) as Cost;
}
