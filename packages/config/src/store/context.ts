import type { Logger, TransactionOp, ZooKeeper } from '@meshkeeper/zookeeper';
import type { NamespaceRef } from '../model/names.ts';
import type { ChunkCache } from './chunk-cache.ts';
import type { OwnDeed } from './own-deed.ts';
import type { Paths } from './paths.ts';

/** What somebody does, for who keeps a record of it. It never holds values. */
export interface ConfigEvent {
  /** `draft.put`, `publish`, `gray.abandon`, … */
  readonly action: string;
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly application: string;
  readonly namespace?: string;
  readonly release?: number;
  readonly message?: string;
  /** Whatever else is known: counts, names. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** Operations that record an event: part of the transaction that makes the change. */
export type Audit = (event: ConfigEvent) => readonly TransactionOp[];

/** What all parts of the store stand on. */
export interface StoreContext {
  readonly zk: ZooKeeper;
  readonly paths: Paths;
  readonly chunks: ChunkCache;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly audit: Audit;
  /** Is told what was done by itself, by who has done it. */
  readonly onOwnDeed: (deed: OwnDeed) => void;
}

/** An event of a namespace. */
export type NamespaceEvent = Omit<ConfigEvent, keyof NamespaceRef | 'at'>;
