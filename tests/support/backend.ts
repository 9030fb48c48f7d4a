import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('backend-process.ts', import.meta.url));

/** A small HTTP server in its own process, which answers with its name. */
export interface Backend extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM: it answers what it has, and ends. */
  stop(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startBackend(name: string): Promise<Backend> {
  const child = fork(PROGRAM, [name]);
  const exited = once(child, 'exit');
  const [address]: AddressInfo[] = await once(child, 'message');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    name,
    port: address!.port, // the one message that it sends
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}
