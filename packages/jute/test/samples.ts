import {
  type OperationName,
  type RequestOf,
  type ResponseOf,
  rowOf,
  type Stat,
  type Type,
  Writer,
} from '../src/index.ts';

export const stat: Stat = {
  czxid: 0x1_0000_0002n,
  mzxid: 0x7fff_ffff_ffff_ffffn,
  ctime: 1_663_145_171_645,
  mtime: -1,
  version: 3,
  cversion: -1,
  aversion: 0,
  ephemeralOwner: -0x8000_0000_0000_0000n,
  dataLength: 5,
  numChildren: 0,
  pzxid: 9n,
};
export const acl = [{ perms: 31, scheme: 'world', id: 'anyone' }];
export const data = Buffer.from('größe');
export const path = '/a/ü';
const none = undefined;

/** One sample of each operation, both ways; the type makes a missing one a compile error. */
const samples: { [N in OperationName]: { request: RequestOf<N>; response: ResponseOf<N> } } = {
  create: { request: { path, data, acl, flags: 3 }, response: { path } },
  create2: { request: { path, data: null, acl, flags: 0 }, response: { path, stat } },
  createContainer: { request: { path, data, acl, flags: 4 }, response: { path, stat } },
  createTTL: { request: { path, data, acl, flags: 5, ttl: 1000n }, response: { path, stat } },
  delete: { request: { path, version: -1 }, response: none },
  setData: { request: { path, data, version: 7 }, response: { stat } },
  check: { request: { path, version: 1 }, response: none },
  exists: { request: { path, watch: true }, response: { stat } },
  getData: { request: { path, watch: false }, response: { data: Buffer.alloc(0), stat } },
  getChildren: { request: { path, watch: false }, response: { children: ['a', 'b'] } },
  getChildren2: { request: { path, watch: true }, response: { children: [], stat } },
  getACL: { request: { path }, response: { acl, stat } },
  setACL: { request: { path, acl, version: -1 }, response: { stat } },
  sync: { request: { path }, response: { path } },
  ping: { request: none, response: none },
  multi: {
    request: [
      { op: 'create', request: { path, data, acl, flags: 0 } },
      { op: 'check', request: { path, version: 2 } },
      { op: 'delete', request: { path, version: -1 } },
      { op: 'createTTL', request: { path, data, acl, flags: 5, ttl: 5n } },
    ],
    response: [
      { op: 'create', response: { path } },
      { op: 'setData', response: { stat } },
      { op: 'delete', response: none },
      { op: 'error', err: -101 },
    ],
  },
  multiRead: {
    request: [
      { op: 'getData', request: { path, watch: false } },
      { op: 'getChildren', request: { path, watch: false } },
    ],
    response: [
      { op: 'getData', response: { data, stat } },
      { op: 'getChildren', response: { children: ['x'] } },
    ],
  },
  reconfig: {
    request: { joining: null, leaving: '3', newMembers: null, configVersion: -1n },
    response: { data, stat },
  },
  checkWatches: { request: { path, type: 3 }, response: none },
  removeWatches: { request: { path, type: 5 }, response: none },
  deleteContainer: { request: { path }, response: none },
  auth: { request: { type: 0, scheme: 'digest', auth: data }, response: none },
  setWatches: {
    request: { relativeZxid: 5n, data: [path], exist: [], child: ['/'] },
    response: none,
  },
  setWatches2: {
    request: {
      relativeZxid: 5n,
      data: [],
      exist: [path],
      child: [],
      persistent: ['/p'],
      persistentRecursive: ['/r'],
    },
    response: none,
  },
  sasl: { request: { token: Buffer.alloc(0) }, response: { token: null } },
  getEphemerals: { request: { path }, response: { ephemerals: [path] } },
  getAllChildrenNumber: { request: { path }, response: { total: 12 } },
  addWatch: { request: { path, mode: 1 }, response: { err: 0 } },
  whoAmI: { request: none, response: { clientInfo: [{ scheme: 'ip', user: '127.0.0.1' }] } },
  createSession: { request: none, response: none },
  closeSession: { request: none, response: none },
};

/** One side of one operation. */
export interface Side {
  readonly name: OperationName;
  readonly side: 'request' | 'response';
  readonly type: Type<unknown>;
  readonly value: unknown;
}

export const sides: readonly Side[] = (Object.keys(samples) as OperationName[]).flatMap((name) =>
  (['request', 'response'] as const).map((side) => ({
    name,
    side,
    type: rowOf(name)[side],
    value: samples[name][side],
  })),
);

/** A side's sample on the wire. */
export function written({ type, value }: Side): Buffer {
  const writer = new Writer(1);
  type.write(writer, value);
  return writer.take();
}
