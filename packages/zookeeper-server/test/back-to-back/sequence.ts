import { type Acl, CREATOR_ALL_ACL, OPEN_ACL, READ_ACL } from '@meshkeeper/jute';
import fc from 'fast-check';
import type { Step } from './step.ts';

const session = fc.nat({ max: 2 });
const node = fc.constantFrom('/a', '/b', '/a/a', '/a/b', '/a/b/c', '/b/a', '');
const sequenced = fc.constantFrom('/s-0000000000', '/s-0000000001', '/a/s-0000000000', '/b/s-');
const wrong = fc.constantFrom(
  '/a/',
  '//a',
  '/.',
  '/a/../b',
  '/a\u0001',
  '/a\u0000b',
  '/\ud7ff',
  '/\uf8ff',
);
const path = fc.oneof(
  { weight: 12, arbitrary: node },
  { weight: 2, arbitrary: sequenced },
  { weight: 1, arbitrary: wrong },
);
const newPath = fc.oneof(
  { weight: 6, arbitrary: path },
  { weight: 2, arbitrary: fc.constantFrom('/s-', '/a/s-', '/', '/a/') },
);
const data = fc.constantFrom(null, '', 'x', 'some data');
const version = fc.constantFrom(-1, -1, -1, 0, 1, 2, 7);
const ALICE = 'alice:zSrcovKNRXHIw+0xIbwH5qnrN+s=';
const acl = fc.oneof(
  { weight: 10, arbitrary: fc.constant(OPEN_ACL) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<readonly Acl[]>(
      READ_ACL,
      CREATOR_ALL_ACL,
      [],
      [{ perms: 31, scheme: 'digest', id: ALICE }],
      [{ perms: 1, scheme: 'digest', id: ALICE }, ...OPEN_ACL, ...OPEN_ACL],
      [{ perms: 31, scheme: 'ip', id: '127.0.0.0/8' }],
      [{ perms: 31, scheme: 'ip', id: '10.0.0.1' }],
      [{ perms: 31, scheme: 'ip', id: '::1/129' }],
      [{ perms: 31, scheme: 'digest', id: 'nocolon' }],
      [{ perms: 31, scheme: 'nosuch', id: 'x' }],
      [{ perms: 31, scheme: 'world', id: 'nobody' }],
      [{ perms: 5, scheme: 'world', id: 'anyone' }],
      [{ perms: 2, scheme: 'world', id: 'anyone' }],
      [{ perms: 16, scheme: 'world', id: 'anyone' }],
    ),
  },
);
const flags = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 0, 0, 1, 1, 2, 3) },
  { weight: 2, arbitrary: fc.constantFrom(4, 5, 6, 7, -1) },
);

const create = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      session,
      op: fc.constantFrom('create' as const, 'create2' as const),
      path: newPath,
      data,
      acl,
      flags,
      ttl: fc.constant(0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      session,
      op: fc.constant('createContainer' as const),
      path: newPath,
      data,
      acl,
      flags: fc.constantFrom(4, 4, 4, 0, 2),
      ttl: fc.constant(0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      session,
      op: fc.constant('createTTL' as const),
      path: newPath,
      data,
      acl,
      flags: fc.constantFrom(5, 5, 6, 0),
      ttl: fc.constantFrom(1_000_000, 1_000_000, 0, 2 ** 40),
    }),
  },
);
const versioned = <O extends 'delete' | 'setData' | 'check'>(op: O) =>
  fc.record({ session, op: fc.constant(op), path, data, version });
const part = fc.oneof(create, versioned('delete'), versioned('setData'), versioned('check'));
const readPart = fc.record({
  session,
  op: fc.constantFrom('getData' as const, 'getChildren' as const),
  path,
  watch: fc.boolean(),
});
const only = <const O extends string>(op: O) => fc.record({ session, op: fc.constant(op) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: create },
  { weight: 8, arbitrary: versioned('delete') },
  { weight: 8, arbitrary: versioned('setData') },
  {
    weight: 2,
    arbitrary: fc.record({ session, op: fc.constant('setACL' as const), path, acl, version }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      session,
      op: fc.constantFrom('exists', 'getData', 'getChildren', 'getChildren2'),
      path,
      watch: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      session,
      op: fc.constantFrom('getACL', 'getAllChildrenNumber', 'sync', 'getEphemerals'),
      path,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      session,
      op: fc.constant('addWatch' as const),
      path: node,
      mode: fc.constantFrom(0, 1, 1, 2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      session,
      op: fc.constantFrom('removeWatches', 'checkWatches'),
      path: node,
      type: fc.integer({ min: 0, max: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      session,
      op: fc.constant('setWatches2' as const),
      paths: fc.array(node, { maxLength: 3 }),
      since: fc.constantFrom(0n, 2n ** 62n),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      session,
      op: fc.constant('multi' as const),
      parts: fc.array(part, { maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      session,
      op: fc.constant('multiRead' as const),
      parts: fc.array(readPart, { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      session,
      op: fc.constant('auth' as const),
      credentials: fc.constantFrom('alice:secret', 'bob:secret'),
    }),
  },
  { weight: 1, arbitrary: only('whoAmI') },
  { weight: 1, arbitrary: only('closeSession') },
);

/** Random requests of three sessions. */
export const sequence: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 5, maxLength: 40 });
