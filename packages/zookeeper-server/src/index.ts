export { type Clock, systemClock } from './clock.ts';
export type { ImageHeader, Recoverable } from './engine/state.ts';
export type { Logger } from './logger.ts';
export {
  type FourLetterWord,
  WORDS as FOUR_LETTER_WORDS,
  type ZooKeeperServerOptions,
} from './options.ts';
export type { ZooKeeperServer } from './server/server.ts';
export type { ServerStats } from './server/stats.ts';
export { ZooKeeperServerError, type ZooKeeperServerErrorCode } from './server-error.ts';
export type { StoredSession } from './sessions/session-table.ts';
export { startZooKeeperServer } from './start.ts';
export { FileStorage, type FileStorageOptions } from './storage/file-storage.ts';
export { MemoryStorage } from './storage/memory-storage.ts';
export type { Image, Storage } from './storage/storage.ts';
export type { Change, NodeChange, Txn } from './tree/txn.ts';
export type { ZNodeFields } from './tree/znode.ts';
