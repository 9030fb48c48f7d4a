import { aclType } from './acl.ts';
import { multiReadRequest, multiRequest, multiResponse } from './multi.ts';
import { type Operation, operation } from './operation.ts';
import { partOperations, readPartOperations } from './part-operations.ts';
import { statType } from './stat.ts';
import {
  bool,
  buffer,
  int,
  long,
  nothing,
  nullableString,
  record,
  string,
  type ValueOf,
  vector,
} from './type.ts';

const path = record({ path: string });
const pathAndWatch = record({ path: string, watch: bool });
const pathAndType = record({ path: string, type: int });
const statOnly = record({ stat: statType });
const paths = vector(string);

/**
 * Every operation of ZooKeeper 3.9: the client writes requests and reads responses by these rows,
 * the server the other way round. Source: `zookeeper.jute` and `ZooDefs.OpCode`.
 */
export const operations = {
  ...partOperations,
  ...readPartOperations,
  exists: operation(3, pathAndWatch, statOnly),
  getACL: operation(6, path, record({ acl: aclType, stat: statType })),
  setACL: operation(7, record({ path: string, acl: aclType, version: int }), statOnly),
  sync: operation(9, path, path),
  ping: operation(11, nothing, nothing),
  getChildren2: operation(12, pathAndWatch, record({ children: paths, stat: statType })),
  multi: operation(14, multiRequest, multiResponse),
  reconfig: operation(
    16,
    record({
      joining: nullableString,
      leaving: nullableString,
      newMembers: nullableString,
      configVersion: long,
    }),
    record({ data: buffer, stat: statType }),
  ),
  checkWatches: operation(17, pathAndType, nothing),
  removeWatches: operation(18, pathAndType, nothing),
  /** Internal to servers: a client's is refused. */
  deleteContainer: operation(20, path, nothing),
  multiRead: operation(22, multiReadRequest, multiResponse),
  auth: operation(100, record({ type: int, scheme: nullableString, auth: buffer }), nothing),
  setWatches: operation(
    101,
    record({ relativeZxid: long, data: paths, exist: paths, child: paths }),
    nothing,
  ),
  sasl: operation(102, record({ token: buffer }), record({ token: buffer })),
  getEphemerals: operation(103, path, record({ ephemerals: paths })),
  getAllChildrenNumber: operation(104, path, record({ total: int })),
  setWatches2: operation(
    105,
    record({
      relativeZxid: long,
      data: paths,
      exist: paths,
      child: paths,
      persistent: paths,
      persistentRecursive: paths,
    }),
    nothing,
  ),
  addWatch: operation(106, record({ path: string, mode: int }), record({ err: int })),
  whoAmI: operation(
    107,
    nothing,
    record({ clientInfo: vector(record({ scheme: string, user: string })) }),
  ),
  /** What a connect request becomes inside a server; never on the wire. */
  createSession: operation(-10, nothing, nothing),
  closeSession: operation(-11, nothing, nothing),
} as const;

export type OperationName = keyof typeof operations;
export type RequestOf<N extends OperationName> = ValueOf<(typeof operations)[N]['request']>;
export type ResponseOf<N extends OperationName> = ValueOf<(typeof operations)[N]['response']>;

/** A request as its reader knows it: the operation's name with what it holds. */
export type AnyRequest = {
  [N in OperationName]: { readonly op: N; readonly request: RequestOf<N> };
}[OperationName];

const byOpcode = new Map<number, OperationName>(
  Object.entries(operations).map(([name, row]) => [row.opcode, name as OperationName]),
);

/** The operation of an opcode; undefined for one that 3.9 doesn't have. */
export function operationOf(opcode: number): OperationName | undefined {
  return byOpcode.get(opcode);
}

/** The row of an operation, for code that handles all of them alike. */
export function rowOf(name: OperationName): Operation<unknown, unknown> {
  return operations[name] as Operation<unknown, unknown>;
}
