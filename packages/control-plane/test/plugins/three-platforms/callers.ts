import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { startProxy } from '@meshkeeper/proxy';
import type { PlatformInstance } from './platform.ts';

/** An address of this machine's that a cluster takes: one of loopback it refuses. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined) throw new Error('this needs a network: an address besides 127.0.0.1');
  return found.address;
}

/** A real HTTP server that says who it is. */
export interface RunningInstance extends PlatformInstance, AsyncDisposable {}

export async function startInstance(name: string, port = 0): Promise<RunningInstance> {
  const address = ownAddress();
  const server = createServer((_, response) => response.end(name));
  server.listen(port, address);
  await once(server, 'listening');
  return {
    ...{ name, address, port: (server.address() as AddressInfo).port },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Milliseconds between two calls. */
const PAUSE = 5;

/** Somebody who calls all the time, through the embedded proxy, by one name after the other. */
export class Callers implements AsyncDisposable {
  /** What was answered, since it was asked last. */
  #answers = new Map<string, number>();
  #failures: string[] = [];
  readonly #stop = new AbortController();
  readonly #calling: Promise<void>;
  readonly #proxy: Awaited<ReturnType<typeof startProxy>>;

  private constructor(proxy: Awaited<ReturnType<typeof startProxy>>, hosts: readonly string[]) {
    this.#proxy = proxy;
    this.#calling = this.#call(proxy.listeners.get('gateway')?.port ?? 0, hosts);
  }

  /** @param xds `host:port` */
  static async at(xds: string, hosts: readonly string[]): Promise<Callers> {
    const [host = '', port] = xds.split(':');
    const proxy = await startProxy({
      xds: { address: { host, port: Number(port) }, backoff: { base: 20, max: 50 } },
      node: { id: 'caller', cluster: 'caller' },
      listeners: { gateway: { host: '127.0.0.1', port: 0 } },
    });
    return new Callers(proxy, hosts);
  }

  /** Forgets who has answered. */
  forgetAnswers(): void {
    this.#answers = new Map();
  }

  /** Forgets what was. */
  clear(): void {
    this.forgetAnswers();
    this.#failures = [];
  }

  /** Who has answered since. */
  get answers(): string {
    return [...this.#answers.keys()].sort().join(' ');
  }

  get counts(): readonly number[] {
    return [...this.#answers.values()];
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#calling;
    await this.#proxy.close({ drainTimeout: 0 });
  }

  async #call(port: number, hosts: readonly string[]): Promise<void> {
    for (let i = 0; !this.#stop.signal.aborted; i++) {
      const host = hosts[i % hosts.length] ?? '';
      try {
        const { status, text } = await get(port, host);
        if (status === 200) this.#answers.set(text, (this.#answers.get(text) ?? 0) + 1);
        else this.#failures.push(`${host} ${status} ${text}`);
      } catch (error) {
        this.#failures.push(`${host} ${error}`);
      }
      await pause(PAUSE);
    }
  }
}

async function get(port: number, host: string): Promise<{ status: number; text: string }> {
  const asked = request({ host: '127.0.0.1', port, headers: { host } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  const text = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode ?? 0, text };
}
