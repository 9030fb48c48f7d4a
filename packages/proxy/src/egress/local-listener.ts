import type { ListenerConfig } from '../config/listener-config.ts';
import type { RequestHead } from '../forward/request-head.ts';
import type { ClientStream } from '../listen/client-stream.ts';
import { type HttpEnvironment, HttpService } from '../listen/http-service.ts';
import type { BoundListener } from '../listen/listener.ts';

/**
 * A listener of requests that this process makes itself: what the listener's configuration says is done
 * to them, with no socket in between.
 */
export class LocalListener implements BoundListener {
  readonly address = { address: '', port: 0 };
  readonly #environment: HttpEnvironment;
  #config: ListenerConfig;
  #service: HttpService | undefined;

  constructor(config: ListenerConfig, environment: HttpEnvironment) {
    this.#environment = environment;
    this.#config = config;
    this.#take(config);
  }

  get config(): ListenerConfig {
    return this.#config;
  }

  /** Forwards a request, or answers it; false where the listener is none of HTTP. */
  handle(stream: ClientStream, head: RequestHead): boolean {
    this.#service?.handle(stream, head);
    return this.#service !== undefined;
  }

  prepare(config: ListenerConfig): Promise<() => void> {
    return Promise.resolve(() => this.#take(config));
  }

  close(): Promise<void> {
    this.#service?.drain();
    return Promise.resolve();
  }

  #take(config: ListenerConfig): void {
    this.#config = config;
    const chain = config.chains.find(({ network }) => network.type === 'http');
    if (chain?.network.type !== 'http') this.#service = undefined;
    else if (this.#service) this.#service.take(chain);
    else this.#service = new HttpService(chain.network, this.#environment);
  }
}
