import { type XdsBatch, XdsClient, type XdsClientOptions } from '../src/index.ts';

/** Who it is. */
export interface FollowerOptions {
  readonly address: XdsClientOptions['address'];
  readonly id: string;
  readonly onDisconnected?: () => void;
}

/** A client that accepts everything and remembers it. */
export class Follower implements AsyncDisposable {
  readonly client: XdsClient;
  readonly batches: XdsBatch[] = [];
  /** Why it was disconnected, each time. */
  readonly reasons: string[] = [];
  /** Is told of each before it is accepted. */
  onBatch: ((batch: XdsBatch) => void) | undefined;

  constructor(options: FollowerOptions) {
    this.client = new XdsClient({
      address: options.address,
      node: { id: options.id, cluster: 'c' },
      backoff: { base: 20, max: 500 },
      onState: (state) => {
        if (state.type !== 'disconnected') return;
        this.reasons.push(state.reason);
        options.onDisconnected?.();
      },
    });
    void this.#follow();
  }

  /** The ports of a service's endpoints, as they were told last. */
  ports(name: string): (number | null | undefined)[] {
    const batch = this.batches.findLast(
      (each) => each.type === 'endpoint' && each.upserts.has(name),
    );
    const assignment = batch?.type === 'endpoint' ? batch.upserts.get(name) : undefined;
    return (assignment?.endpoints ?? []).flatMap((group) =>
      (group.lbEndpoints ?? []).map((host) => host.endpoint?.address?.socketAddress?.portValue),
    );
  }

  /** Names of the resources that it was told of, by type. */
  names(): Map<string, Set<string>> {
    const all = new Map<string, Set<string>>();
    for (const { type, upserts } of this.batches)
      all.set(type, (all.get(type) ?? new Set()).union(new Set(upserts.keys())));
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  async #follow(): Promise<void> {
    for await (const batch of this.client.updates()) {
      this.batches.push(batch);
      this.onBatch?.(batch);
      batch.accept();
    }
  }
}
