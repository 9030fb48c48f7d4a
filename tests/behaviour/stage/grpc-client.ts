import { Worker } from 'node:worker_threads';
import { grpcBootstrap } from '@meshkeeper/xds';
import type { Call, Calls, Outcome } from './ask.ts';

type Bootstrap = Parameters<typeof grpcBootstrap>[0];

/** What the thread is told: a call to make. */
export interface CallMessage {
  readonly id: number;
  readonly service: string;
  readonly call: Call | undefined;
}

/** What it tells: what became of a call. */
export interface OutcomeMessage {
  readonly id: number;
  readonly outcome: Outcome;
}

/**
 * gRPC's own client, in a thread of its own: it reads its bootstrap once, and leaves timers behind that
 * would keep a process from ending.
 */
export class GrpcClient implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Outcome>>();
  #next = 0;
  /** Why there is no thread any more. */
  #ended: Error | undefined;

  constructor(options: Bootstrap) {
    const bootstrap = JSON.stringify(grpcBootstrap(options));
    const env = { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: bootstrap };
    this.#worker = new Worker(new URL('grpc-thread.ts', import.meta.url), { env });
    this.#worker.on('message', ({ id, outcome }: OutcomeMessage) => {
      this.#waiting.get(id)?.resolve(outcome);
      this.#waiting.delete(id);
    });
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', (code) => this.#end(new Error(`the thread ended with ${code}`)));
  }

  /** A way to call a service. */
  to(service: string): Calls {
    return {
      call: (call) => {
        if (this.#ended !== undefined) return Promise.reject(this.#ended);
        const id = this.#next++;
        const outcome = Promise.withResolvers<Outcome>();
        // Who has stopped waiting by then is not missed.
        outcome.promise.catch(() => {});
        this.#waiting.set(id, outcome);
        this.#worker.postMessage({ id, service, call } satisfies CallMessage);
        return outcome.promise;
      },
      [Symbol.dispose]() {
        // It ends with the thread.
      },
    };
  }

  /** Nobody answers any more: neither what was asked, nor what will be. */
  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
