import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclType, CREATOR_ALL_ACL, Reader, Writer } from '../src/index.ts';

test('an ACL entry whose id is null, as kazoo writes the empty one of auth, reads as empty', () => {
  const writer = new Writer();
  writer.int(1);
  writer.int(31);
  writer.string('auth');
  writer.string(null);
  assert.deepEqual(aclType.read(new Reader(writer.take())), CREATOR_ALL_ACL);
});
