import { join } from 'node:path';
import { runScript } from '../process/child.ts';
import { onPath } from '../process/on-path.ts';
import { runWrk } from './wrk.ts';

/** What is asked of a server, and for how long. */
export interface LoadOptions {
  readonly port: number;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. Latencies in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  /** Responses other than 2xx, and broken connections. */
  readonly errors: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** The name of the generator that {@link load} uses here. */
export function generator(): string {
  return onPath('wrk') ? 'wrk' : 'node';
}

/** Loads a server from another process: wrk where it is installed, else a generator of ours. */
export async function load(options: LoadOptions, signal: AbortSignal): Promise<LoadResult> {
  const wrk = onPath('wrk');
  if (wrk) return runWrk(wrk, options, signal);
  const file = join(import.meta.dirname, 'node-load.ts');
  await using child = await runScript(file, [JSON.stringify(options)], signal);
  // The generator prints one line, its result.
  return JSON.parse(child.said) as LoadResult;
}
