import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dataResults,
  JuteError,
  nameList,
  type OperationName,
  operationOf,
  operations,
  Reader,
  rowOf,
  Writer,
} from '../src/index.ts';
import { acl, data, path, sides, stat, written } from './samples.ts';

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
