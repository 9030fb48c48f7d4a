import type { ResourceMessage, ResourceType } from '../codec/resource-type.ts';

/** The kinds of resources that the client asks for; virtual hosts on demand only. */
export type ClientType = Exclude<ResourceType, 'secret'>;

/** One response of the control plane, decoded, of one kind. */
export interface BatchOf<T extends ResourceType> {
  readonly type: T;
  /** Added or replaced, by name. */
  readonly upserts: ReadonlyMap<string, ResourceMessage<T>>;
  /** Names of what is no longer there. */
  readonly removed: readonly string[];
  /** What is removed may still be there: it is not asked for any more. */
  readonly dropped?: true;
  /** Says that the batch was applied. Only then the control plane is told so. Counts once. */
  accept(): void;
  /** Says that the batch can't be applied, and why; what was there before stays in force. */
  reject(message: string): void;
}

/** A batch; `type` tells which kind. */
export type XdsBatch = { [T in ClientType]: BatchOf<T> }[ClientType];
