export {
  type Acl,
  CREATOR_ALL_ACL,
  CreateMode,
  OPEN_ACL,
  Perms,
  READ_ACL,
  type Stat,
} from '@meshkeeper/jute';
export {
  type CallOptions,
  type CreateOptions,
  type ReadOptions,
  type VersionOptions,
  ZooKeeper,
} from './client.ts';
export { connect } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export { type ConnectString, type HostPort, parseConnectString } from './connect-string.ts';
export type { Lookup } from './connection/network.ts';
export type { Data } from './data.ts';
export type { Logger } from './logger.ts';
export { joinPath, parentOf } from './path.ts';
export type { SaslOptions } from './sasl/sasl-options.ts';
export type { SessionState } from './session/session-state.ts';
export type { TlsContext, TlsFiles, TlsOptions, TlsPeer, TlsPem } from './tls/tls-options.ts';
export type { TransactionOp, TransactionResult } from './transaction.ts';
export type { Watch } from './watches/watch.ts';
export type { WatchEvent, Watcher } from './watches/watch-event.ts';
export { isZooKeeperError, ZooKeeperError, type ZooKeeperErrorCode } from './zookeeper-error.ts';
