import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TlsSettings } from './access.ts';

/** The connections to a server: new ones when what secures them has changed. */
export class Dispatchers {
  readonly #proxy: string | undefined;
  #current: { tls: TlsSettings; dispatcher: Dispatcher } | undefined;

  constructor(proxy: string | undefined) {
    this.#proxy = proxy;
  }

  for(tls: TlsSettings): Dispatcher {
    if (this.#current !== undefined && same(this.#current.tls, tls))
      return this.#current.dispatcher;
    // Requests that are on their way end as they are.
    void this.#current?.dispatcher.close();
    const options = { connect: { ...tls, timeout: 10_000 }, keepAliveTimeout: 30_000 };
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
