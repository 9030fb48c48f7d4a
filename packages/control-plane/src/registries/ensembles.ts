import { connect, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';

/**
 * Clients of the ensembles that registries live in beside the main one: one each, however many
 * registries are there. They connect in the background: an ensemble that is away holds up nobody.
 */
export class Ensembles implements AsyncDisposable {
  readonly #options: { readonly sessionTimeout: number; readonly logger: Logger };
  readonly #clients = new Map<string, Promise<ZooKeeper>>();

  constructor(options: { readonly sessionTimeout: number; readonly logger: Logger }) {
    this.#options = options;
  }

  client(servers: string): Promise<ZooKeeper> {
    let client = this.#clients.get(servers);
    client ??= connect({
      ...{ connect: servers, background: true, onExpired: 'renew' },
      ...this.#options,
    });
    this.#clients.set(servers, client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    await Promise.all(
      clients.map((client) => (client.status === 'fulfilled' ? client.value.close() : undefined)),
    );
  }
}
