import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireComponent } from '../component.ts';
import { Child } from '../process/child.ts';
import { startUp } from '../process/start-up.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';
import { TestbedError } from '../testbed-error.ts';
import { bootstrapFile, type EnvoyBootstrap } from './bootstrap.ts';

/** How a real Envoy is started. */
export interface EnvoyOptions {
  /**
   * The bootstrap. Without an `admin` section it gets one on a free loopback port; use port 0 in
   * listeners too, and {@link Envoy.listenerPorts} to learn the ports.
   */
  config: EnvoyBootstrap;
  /** Worker threads. Default 1, so that a worker's balancing state is the only one. */
  concurrency?: number | undefined;
  /** Envoy's `--log-level`. Default `info`. */
  logLevel?: 'trace' | 'debug' | 'info' | 'warning' | 'error' | undefined;
  /**
   * What the start waits for: `live`, all first resources have arrived and the listeners are open
   * (default); or `admin`, the administration interface answers, for an Envoy whose management
   * server starts later.
   */
  waitFor?: 'live' | 'admin' | undefined;
  /** More command line arguments. */
  args?: readonly string[] | undefined;
  /** Milliseconds that the start may take. Default 30,000. */
  startTimeout?: number | undefined;
  /** Gives the start up. An Envoy that runs already is not stopped. */
  signal?: AbortSignal | undefined;
}

/** A real Envoy in a process of its own. */
export interface Envoy extends AsyncDisposable {
  /** Process id. */
  readonly pid: number;
  /** `http://127.0.0.1:port` of the administration interface. */
  readonly adminUrl: string;
  /** The file that it logs to, in a folder that `close()` removes. */
  readonly log: string;
  /**
   * The body of an administration path, `/stats?format=json`. Paths that change something want
   * `method: 'POST'`.
   *
   * @throws TestbedError `command-failed` when the status is not 200.
   */
  admin(
    path: string,
    options?: { method?: 'GET' | 'POST'; signal?: AbortSignal | undefined },
  ): Promise<string>;
  /** The port of each listener that has one, by listener name. */
  listenerPorts(options?: { signal?: AbortSignal | undefined }): Promise<Record<string, number>>;
  /** Freezes it (SIGSTOP). */
  pause(): void;
  /** Ends a {@link pause} (SIGCONT). */
  resume(): void;
  /** Ends it like a crash (SIGKILL). */
  kill(): Promise<void>;
  /** Ends it and removes its temporary files. */
  close(): Promise<void>;
}

/**
 * Starts the real Envoy. It shares nothing with other Envoys of the machine: hot restart, and with
 * it the shared memory that base ids tell apart, is off.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log, which is
 * where a wrong bootstrap is explained; the signal's reason.
 */
export async function startEnvoy(options: EnvoyOptions): Promise<Envoy> {
  const program = requireComponent('envoy');
  const { concurrency = 1, logLevel = 'info', waitFor = 'live', startTimeout = 30_000 } = options;
  const dir = await tempDir('meshkeeper-envoy-');
  const log = join(dir.path, 'envoy.log');
  const addressFile = join(dir.path, 'admin-address');
  try {
    const file = bootstrapFile(options.config);
    const path = join(dir.path, file.name);
    await writeFile(path, file.text);
    const child = await Child.spawn({
      command: program,
      args: [
        ...['--config-path', path, ...file.args, '--admin-address-path', addressFile],
        ...['--concurrency', String(concurrency), '--log-level', logLevel],
        ...['--disable-hot-restart', ...(options.args ?? [])],
      ],
      log,
    });
    const probe = async (signal: AbortSignal) => {
      const address = await readFile(addressFile, 'utf8');
      const path = waitFor === 'live' ? '/ready' : '/server_info';
      const response = await fetch(`http://${address}${path}`, { signal });
      await response.arrayBuffer();
      return response.ok && address;
    };
    const limits = { timeout: startTimeout, signal: options.signal };
    const address = await startUp(child, { name: 'Envoy', log, probe, ...limits });
    return new RunningEnvoy(child, `http://${address}`, log, dir);
  } catch (error) {
    await dir.close();
    throw error;
  }
}

class RunningEnvoy implements Envoy {
  readonly adminUrl: string;
  readonly log: string;
  readonly #child: Child;
  readonly #dir: TempDir;

  constructor(child: Child, adminUrl: string, log: string, dir: TempDir) {
    this.#child = child;
    this.adminUrl = adminUrl;
    this.log = log;
    this.#dir = dir;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async admin(
    path: string,
    options: { method?: 'GET' | 'POST'; signal?: AbortSignal | undefined } = {},
  ): Promise<string> {
    const { method = 'GET', signal = null } = options;
    const response = await fetch(`${this.adminUrl}${path}`, { method, signal });
    const body = await response.text();
    if (response.ok) return body;
    const told = `Envoy answered ${method} ${path} with ${response.status}: ${body}`;
    throw new TestbedError('command-failed', told);
  }

  async listenerPorts(
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Record<string, number>> {
    const answer: Listeners = JSON.parse(await this.admin('/listeners?format=json', options));
    const ports: Record<string, number> = {};
    for (const { name, local_address } of answer.listener_statuses ?? []) {
      const port = local_address?.socket_address?.port_value;
      if (port !== undefined) ports[name] = port;
    }
    return ports;
  }

  pause(): void {
    this.#child.pause();
  }

  resume(): void {
    this.#child.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#dir.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Envoy's `admin.v3.Listeners`, as far as it is read here. */
interface Listeners {
  listener_statuses?: {
    name: string;
    local_address?: { socket_address?: { port_value?: number } };
  }[];
}
