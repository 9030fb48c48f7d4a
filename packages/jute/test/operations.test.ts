import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dataResults,
  JuteError,
  nameList,
  type OperationName,
  operationOf,
  operations,
  Reader,
  type RequestOf,
  type ResponseOf,
  rowOf,
  type Stat,
  Writer,
} from '../src/index.ts';

const stat: Stat = {
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
const acl = [{ perms: 31, scheme: 'world', id: 'anyone' }];
const data = Buffer.from('größe');
const path = '/a/ü';
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

const sides = (Object.keys(samples) as OperationName[]).flatMap((name) =>
  (['request', 'response'] as const).map((side) => ({
    name,
    side,
    type: rowOf(name)[side],
    value: samples[name][side] as unknown,
  })),
);

function written(side: (typeof sides)[number]): Buffer {
  const writer = new Writer(1);
  side.type.write(writer, side.value);
  return writer.take();
}

test('every operation reads back what it wrote, and uses all of it', () => {
  for (const side of sides) {
    const bytes = written(side);
    const reader = new Reader(bytes);
    assert.deepEqual(side.type.read(reader), side.value, `${side.name} ${side.side}`);
    assert.equal(reader.remaining, 0, `${side.name} ${side.side}`);
  }
});

test('an opcode leads to its operation', () => {
  for (const [name, row] of Object.entries(operations)) assert.equal(operationOf(row.opcode), name);
  assert.equal(operationOf(4242), undefined);
});

test('a request stands on the wire as the original writes it', () => {
  const writer = new Writer();
  operations.create.request.write(writer, { path: '/a', data: Buffer.from('x'), acl, flags: 1 });
  assert.equal(
    writer.take().toString('hex'),
    [
      '000000022f61', // path
      '0000000178', // data
      '00000001', // one ACL entry
      '0000001f',
      '00000005776f726c64',
      '00000006616e796f6e65',
      '00000001', // flags
    ].join(''),
  );
});

test('createTTL and createContainer are answered in a multi as create2', () => {
  const writer = new Writer();
  operations.multi.response.write(writer, [{ op: 'createContainer', response: { path, stat } }]);
  assert.deepEqual(operations.multi.response.read(new Reader(writer.take())), [
    { op: 'create2', response: { path, stat } },
  ]);
});

test('answers that are left as they came are the same answers', () => {
  const results = [
    { op: 'getData', response: { data, stat } },
    { op: 'error', err: -101 },
    { op: 'getData', response: { data: null, stat } },
  ] as const;
  const writer = new Writer();
  operations.multiRead.response.write(writer, results);
  const bytes = writer.take();
  const read = dataResults.read(new Reader(bytes));
  const understood = read.map((result) =>
    typeof result === 'number'
      ? { op: 'error', err: result }
      : { op: 'getData', response: operations.getData.response.read(new Reader(result)) },
  );
  assert.deepEqual(understood, results);
  dataResults.write(writer, read);
  assert.deepEqual(writer.take(), bytes);
  operations.getChildren2.response.write(writer, { children: ['a', '', 'ü'], stat });
  const list = writer.take();
  const { names, stat: parent } = nameList.read(new Reader(list));
  assert.deepEqual([[...names], [...names], parent], [['a', '', 'ü'], ['a', '', 'ü'], stat]);
  nameList.write(writer, { names, stat });
  assert.deepEqual(writer.take(), list);
});

test('bytes that end too early are a typed error, at every length', () => {
  for (const side of sides) {
    const bytes = written(side);
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => side.type.read(new Reader(bytes, 0, length)), JuteError);
  }
});

test('length bombs and negative counts are refused before anything is allocated', () => {
  const codeOf = (bytes: string, name: OperationName, side: 'request' | 'response') => {
    try {
      rowOf(name)[side].read(new Reader(Buffer.from(bytes, 'hex')));
    } catch (error) {
      if (error instanceof JuteError) return error.code;
    }
    return undefined;
  };
  assert.equal(codeOf('7fffffff', 'sync', 'request'), 'too-long');
  assert.equal(codeOf('fffffffe', 'sync', 'request'), 'negative-length');
  assert.equal(codeOf('ffffffff', 'sync', 'request'), 'unexpected-null');
  assert.equal(codeOf('7fffffff00000000', 'getChildren', 'response'), 'too-long');
  assert.equal(codeOf('80000000', 'getChildren', 'response'), 'negative-length');
  assert.equal(codeOf('00000001', 'sync', 'request'), 'too-long');
  // A multi with an operation that can't stand in one.
  assert.equal(codeOf('00000009 00 ffffffff'.replaceAll(' ', ''), 'multi', 'request'), 'bad-multi');
});

test('mutated bytes are read or refused, never anything else', () => {
  const position = fc.nat();
  fc.assert(
    fc.property(
      fc.constantFrom(...sides),
      fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (side, mutations) => {
        const bytes = written(side);
        for (const [at, value] of mutations) if (bytes.length > 0) bytes[at % bytes.length] = value;
        try {
          side.type.read(new Reader(bytes));
        } catch (error) {
          if (!(error instanceof JuteError)) throw error;
        }
      },
    ),
    { numRuns: 20_000 },
  );
});
