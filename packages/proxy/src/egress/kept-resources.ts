import {
  ADD_ORDER,
  Any,
  decodeResource,
  encodeResource,
  type ResourceMessage,
  type ResourceType,
  resourceName,
  type XdsBatch,
} from '@meshkeeper/xds';
import type { EgressSnapshot } from './egress-options.ts';

/** What was accepted of the control plane, so that it can be written down and read again. */
export class KeptResources {
  readonly #kinds = new Map<ResourceType, Map<string, ResourceMessage<ResourceType>>>();

  /** Takes what a batch changes. */
  take({ type, upserts, removed }: XdsBatch): void {
    const kept = this.#kinds.get(type) ?? new Map<string, ResourceMessage<ResourceType>>();
    this.#kinds.set(type, kept);
    for (const [name, message] of upserts) kept.set(name, message);
    for (const name of removed) kept.delete(name);
  }

  /** A resource by its name; undefined when there is none. */
  get<T extends ResourceType>(type: T, name: string): ResourceMessage<T> | undefined {
    // What is kept under a kind are messages of that kind.
    return this.#kinds.get(type)?.get(name) as ResourceMessage<T> | undefined;
  }

  /** All of it as text. */
  write(): EgressSnapshot['resources'] {
    const resources: Record<string, string[]> = {};
    for (const [type, kept] of this.#kinds)
      resources[type] = Array.from(kept.values(), (message) =>
        encodeResource(type, message).toString('base64'),
      );
    return resources;
  }

  /**
   * What {@link write} gave, as batches in the order in which they are added.
   * @throws XdsError, or a protobuf error, for what is no such text
   */
  static read(resources: EgressSnapshot['resources']): XdsBatch[] {
    return ADD_ORDER.flatMap((type) => {
      const texts = resources[type];
      if (texts === undefined || type === 'secret') return [];
      const upserts = new Map(
        texts.map((text) => {
          const message = decodeResource(type, Any.decode(Buffer.from(text, 'base64')));
          return [resourceName(type, message), message] as const;
        }),
      );
      // The messages were decoded as those of `type`.
      return [{ type, upserts, removed: [], accept() {}, reject() {} } as unknown as XdsBatch];
    });
  }
}
