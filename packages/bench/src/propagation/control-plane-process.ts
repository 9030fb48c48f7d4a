import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Message, Report } from './message.ts';

/** A control plane in a process of its own, which tells what the data plane acknowledged. */
export class ControlPlaneProcess implements AsyncDisposable {
  /** `host:port` of the xDS server. */
  readonly xds: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, xds: string) {
    this.#child = child;
    this.xds = xds;
  }

  /** Starts one on that ZooKeeper; resolves when it has read its registries. */
  static async start(zookeeper: string, signal: AbortSignal): Promise<ControlPlaneProcess> {
    const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
    const child = fork(join(import.meta.dirname, 'control-plane.ts'), [zookeeper], {
      execArgv: ['--conditions=source', ...flags],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      signal,
    });
    child.on('error', () => {
      // An abort; the exit that follows is what is waited for.
    });
    const message = await answer(child);
    if (message.type !== 'listening') throw new Error('The control plane spoke out of turn');
    return new ControlPlaneProcess(child, message.xds);
  }

  /** What happened since the last report. */
  async report(): Promise<Report> {
    this.#child.send('report');
    const message = await answer(this.#child);
    if (message.type !== 'report') throw new Error('The control plane spoke out of turn');
    return message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await exit;
    clearTimeout(force);
  }
}

async function answer(child: ChildProcess): Promise<Message> {
  const done = new AbortController();
  const options = { signal: done.signal };
  try {
    const message = once(child, 'message', options).then(([said]) => said as Message);
    const exit = once(child, 'exit', options).then(() => undefined);
    const said = await Promise.race([message, exit]);
    if (said === undefined) throw new Error('The control plane ended');
    return said;
  } finally {
    done.abort();
  }
}
