import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TlsSettings } from './access.ts';

/** The connections to a server: new ones when what secures them has changed. */
export class Dispatchers {
  readonly #proxy: string | undefined;
  readonly #timeout: number;
  #current: { tls: TlsSettings; dispatcher: Dispatcher } | undefined;

  /** @param timeout of what connecting takes, in milliseconds; 10,000 at most */
  constructor(proxy: string | undefined, timeout: number) {
    this.#proxy = proxy;
    this.#timeout = Math.min(timeout, 10_000);
  }

  for(tls: TlsSettings): Dispatcher {
    if (this.#current !== undefined && same(this.#current.tls, tls))
      return this.#current.dispatcher;
    // Requests that are on their way end as they are.
    void this.#current?.dispatcher.close();
    const options = { connect: { ...tls, timeout: this.#timeout }, keepAliveTimeout: 30_000 };
    const dispatcher =
      this.#proxy === undefined
        ? new Agent(options)
        : new ProxyAgent({ uri: this.#proxy, requestTls: tls, keepAliveTimeout: 30_000 });
    this.#current = { tls, dispatcher };
    return dispatcher;
  }

  async close(): Promise<void> {
    await this.#current?.dispatcher.destroy();
    this.#current = undefined;
  }
}

function same(a: TlsSettings, b: TlsSettings): boolean {
  return (
    a.servername === b.servername &&
    a.rejectUnauthorized === b.rejectUnauthorized &&
    String(a.ca) === String(b.ca) &&
    String(a.cert) === String(b.cert) &&
    String(a.key) === String(b.key)
  );
}
