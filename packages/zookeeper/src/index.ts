export {
  type Acl,
  CREATOR_ALL_ACL,
  CreateMode,
  OPEN_ACL,
  Perms,
  READ_ACL,
  type Stat,
} from '@meshkeeper/jute';
export type { CacheOptions } from './cache/cache.ts';
export type { CachedNode, CacheState, CacheUpdate } from './cache/cached-node.ts';
export { ChildrenCache } from './cache/children-cache.ts';
export { NodeCache } from './cache/node-cache.ts';
export { TreeCache } from './cache/tree-cache.ts';
export { ZooKeeper } from './client.ts';
export { connect } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export { type ConnectString, type HostPort, parseConnectString } from './connect-string.ts';
export type { Lookup } from './connection/network.ts';
export type { Data } from './data.ts';
export type { Logger } from './logger.ts';
export type { HistogramSnapshot } from './observe/histogram.ts';
export { ClientMetrics, type MetricsSnapshot } from './observe/metrics.ts';
export type {
  CallOutcome,
  ObservedCall,
  ObservedClient,
  Observer,
  WatchCounts,
} from './observe/observer.ts';
export { packetTrace } from './observe/packet-trace.ts';
export { type Span, spans, type Tracer } from './observe/spans.ts';
export type { Created } from './operations/create.ts';
export type {
  ClientIdentity,
  ReconfigOptions,
  Reconfiguration,
} from './operations/ensemble.ts';
export type { ReadOp, ReadResult, ReadResults } from './operations/multi-read.ts';
export type {
  CallOptions,
  CreateOptions,
  ReadOptions,
  VersionOptions,
} from './operations/options.ts';
export type { ChildrenAndStat, DataAndStat } from './operations/read.ts';
export type {
  TransactionOp,
  TransactionResult,
  TransactionResults,
} from './operations/transaction.ts';
export type { OneShotList, RemoveWatchesOptions, WatchList } from './operations/watching.ts';
export type { AclAndStat } from './operations/write.ts';
export { joinPath, parentOf } from './path.ts';
export { mayFollow, persistently } from './persistently.ts';
export type { SaslOptions } from './sasl/sasl-options.ts';
export type { SessionState } from './session/session-state.ts';
export type { TlsContext, TlsFiles, TlsOptions, TlsPeer, TlsPem } from './tls/tls-options.ts';
export type { Watch } from './watches/watch.ts';
export type { WatchEvent, Watcher } from './watches/watch-event.ts';
export type { AddWatchOptions } from './watches/watch-keeper.ts';
export { isZooKeeperError, ZooKeeperError, type ZooKeeperErrorCode } from './zookeeper-error.ts';
