import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LoadOptions, LoadResult } from './load.ts';

/** One run of wrk with one thread. */
export async function runWrk(
  wrk: string,
  { port, host, connections, seconds }: LoadOptions,
  signal: AbortSignal,
): Promise<LoadResult> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`];
  const { stdout } = await promisify(execFile)(wrk, [...args, `http://127.0.0.1:${port}/`], {
    signal,
  });
  const find = (pattern: RegExp) => pattern.exec(stdout)?.[1] ?? '0';
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(
    stdout,
  );
  const broken = (sockets?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), 0);
  return {
    requests: Number(find(/(\d+) requests in/)),
    errors: Number(find(/Non-2xx or 3xx responses: (\d+)/)) + broken,
    perSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)),
    p50: milliseconds(find(/50%\s+(\S+)/)),
    p99: milliseconds(find(/99%\s+(\S+)/)),
  };
}

function milliseconds(text: string): number {
  const value = Number.parseFloat(text);
  if (text.endsWith('us')) return value / 1000;
  return text.endsWith('ms') ? value : value * 1000;
}
