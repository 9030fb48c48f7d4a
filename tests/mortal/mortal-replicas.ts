import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, tempDir, until } from '@meshkeeper/testbed';
import { getJson } from '../support/api.ts';
import { type Running, startMeshkeeper } from '../support/command.ts';

/** What a replica has answered, read. */
export interface Answer {
  /** When it was asked, by `performance.now()`. */
  readonly at: number;
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is looked at, not promised
  readonly body: any;
}

/** What is asked. */
export interface Question {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** So that no release is collected. */
const CONFIG = 'configuration: { keep: 100000 }\n';

/** Two replicas behind a client that asks them in turn; now and then one is killed, and comes back. */
export class MortalReplicas implements AsyncDisposable {
  readonly #start: (port: number) => Promise<Running>;
  readonly #planes: readonly { readonly port: number; running: Running }[];
  readonly #stack: AsyncDisposableStack;
  #turn = 0;
  /** Questions whose answer was lost: nobody knows what came of them. */
  lost = 0;
  kills = 0;

  private constructor(
    start: (port: number) => Promise<Running>,
    planes: readonly { readonly port: number; running: Running }[],
    stack: AsyncDisposableStack,
  ) {
    this.#start = start;
    this.#planes = planes;
    this.#stack = stack;
  }

  static async start(zookeeper: string): Promise<MortalReplicas> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await tempDir());
    const file = join(path, 'meshkeeper.yaml');
    await writeFile(file, CONFIG);
    const start = async (port: number) => {
      const listeners = ['--api-listen', `127.0.0.1:${port}`, '--xds-listen', '127.0.0.1:0'];
      const command = ['control-plane', '--zookeeper', zookeeper, '--config', file];
      const running = await startMeshkeeper([
        ...command,
        ...listeners,
        '--dns-listen',
        '127.0.0.1:0',
      ]);
      await until(async () => {
        const { status } = await getJson<{ status: string }>(`${running.ready.api}/readyz`);
        return status === 'ready';
      });
      return running;
    };
    const planes = await Promise.all(
      (await freePorts(2)).map(async (port) => ({ port, running: await start(port) })),
    );
    const replicas = new MortalReplicas(start, planes, stack.move());
    replicas.#stack.defer(async () => {
      for (const { running } of planes) await running[Symbol.asyncDispose]();
    });
    return replicas;
  }

  get running(): readonly Running[] {
    return this.#planes.map(({ running }) => running);
  }

  /** `http://host:port` of each: they come back where they were. */
  get apis(): readonly string[] {
    return this.running.map(({ ready }) => ready.api);
  }

  /** Asks one replica after the other until one answers that can. */
  async ask(method: string, path: string, question: Question = {}): Promise<Answer> {
    const { body, headers } = question;
    for (;;) {
      if (this.#stack.disposed) throw new Error('there are no replicas any more');
      const api = this.apis[this.#turn++ % this.apis.length];
      const at = performance.now();
      try {
        const response = await fetch(`${api}/api/v1${path}`, {
          method,
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        const { status } = response;
        if (status < 500)
          return { at, status, headers: response.headers, body: text && JSON.parse(text) };
      } catch {
        // It is gone; the next one.
      }
      this.lost++;
      await pause(20);
    }
  }

  /** Kills one of them in the midst of what it does, and waits until it is back. */
  async kill(): Promise<void> {
    const victim = this.#planes[Math.random() < 0.5 ? 0 : 1]!;
    this.kills++;
    await victim.running.end('SIGKILL');
    victim.running = await this.#start(victim.port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
