export { type Acl, aclType, CREATOR_ALL_ACL, OPEN_ACL, Perms, READ_ACL } from './acl.ts';
export { CreateMode } from './create-mode.ts';
export { type DataResult, dataResults } from './data-results.ts';
export { ErrorCode, type ErrorName, errorName } from './error-code.ts';
export {
  type ConnectRequest,
  type ConnectResponse,
  connectRequest,
  connectResponse,
  MAX_FRAME,
  replyHeader,
  requestHeader,
  Xid,
} from './frame.ts';
export { FrameSplitter } from './frame-splitter.ts';
export { JuteError, type JuteErrorCode } from './jute-error.ts';
export type { MultiPart, MultiReadPart, MultiResult } from './multi.ts';
export { type NameList, nameList } from './name-list.ts';
export type { Operation } from './operation.ts';
export {
  type AnyRequest,
  type OperationName,
  operationOf,
  operations,
  type RequestOf,
  type ResponseOf,
  rowOf,
} from './operations.ts';
export { Reader } from './reader.ts';
export { type Stat, statType } from './stat.ts';
export type { Type, ValueOf } from './type.ts';
export {
  AddWatchMode,
  EventType,
  SYNC_CONNECTED,
  WatcherType,
  watcherEvent,
} from './watch.ts';
export { Writer } from './writer.ts';
