import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AnyRequest, ErrorCode, OPEN_ACL, Reader, Writer } from '@meshkeeper/jute';
import fc from 'fast-check';
import type { Client } from '../../src/engine/client.ts';
import { Engine } from '../../src/engine/engine.ts';
import { State } from '../../src/engine/state.ts';
import { encodeBatch } from '../../src/storage/log-format.ts';
import { readLog } from '../../src/storage/log-reader.ts';
import { readTxn, writeTxn } from '../../src/storage/txn-record.ts';
import type { Txn } from '../../src/tree/txn.ts';
import { sequence } from '../back-to-back/sequence.ts';
import { requestOf } from '../back-to-back/step.ts';

const ids = [{ scheme: 'ip', id: '127.0.0.1' }];

function engineWithSession() {
  const state = new State(1_000);
  const engine = new Engine<Client>(state, { extendedTypes: true });
  const txns: Txn[] = [];
  const open = () => {
    const { id, txn } = engine.openSession(4_000, Buffer.alloc(16, 3), 1_000);
    txns.push(txn);
    return { sessionId: id, ids };
  };
  const run = (client: Client, op: string, request: unknown, now = 1_000) => {
    const outcome = engine.process(client, { op, request } as AnyRequest, now);
    if (outcome.txn) txns.push(outcome.txn);
    return outcome;
  };
  return { state, engine, txns, open, run };
}

const create = (path: string, flags = 0) => ({
  path,
  data: Buffer.from('x'),
  acl: OPEN_ACL,
  flags,
});

function contents(state: State): unknown {
  return [...state.tree.entries()]
    .map(([path, node]) => [path, node.stat(), node.data, node.acl, node.owner])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

describe('the state', () => {
  test('is the same again when its transactions are written, read and replayed', () => {
    fc.assert(
      fc.property(sequence, (steps) => {
        const { state, txns, open, run } = engineWithSession();
        const clients = [open(), open(), open()];
        for (const [i, step] of steps.entries()) {
          const { op, request } = requestOf(step, '');
          if (op === 'auth') continue;
          run(clients[step.session]!, op, request, 1_000 + i);
          if (op === 'closeSession') clients[step.session] = open();
        }
        const bytes = Buffer.concat([
          Buffer.from('MKZKLOG1'),
          ...txns.map((txn) => encodeBatch([txn])),
        ]);
        const again = new State(1_000);
        readLog({ file: 'log', bytes, first: 1n, newest: true }, (txn) => again.replay(txn));
        assert.deepEqual(contents(again), contents(state));
        assert.deepEqual([...again.sessions], [...state.sessions]);
        assert.equal(again.lastZxid, BigInt(txns.length));
      }),
      { numRuns: 200 },
    );
  });

  test('is not touched by a multi that fails, and by all of one that does not', () => {
    const { state, open, run } = engineWithSession();
    const client = open();
    const before = contents(state);
    const failing = run(client, 'multi', [
      { op: 'create', request: create('/a') },
      { op: 'create', request: create('/a/s-', 2) },
      { op: 'setData', request: { path: '/a', data: null, version: 0 } },
      { op: 'check', request: { path: '/a', version: 0 } },
      { op: 'delete', request: { path: '/nope', version: -1 } },
    ]);
    assert.deepEqual(contents(state), before);
    assert.deepEqual(failing.response, [
      { op: 'error', err: 0 },
      { op: 'error', err: 0 },
      { op: 'error', err: 0 },
      { op: 'error', err: ErrorCode.BAD_VERSION },
      { op: 'error', err: ErrorCode.RUNTIME_INCONSISTENCY },
    ]);
    const { zxid } = { zxid: state.lastZxid };
    run(client, 'multi', [
      { op: 'create', request: create('/a') },
      { op: 'create', request: create('/a/s-', 2) },
      { op: 'create', request: create('/a/s-', 2) },
      { op: 'delete', request: { path: '/a/s-0000000000', version: 0 } },
    ]);
    assert.equal(state.lastZxid, zxid + 1n);
    assert.deepEqual([...state.tree.node('/a')!.children], ['s-0000000001']);
    assert.equal(state.tree.node('/a')!.stat().cversion, 3);
  });

  test('counts creations for sequence numbers, and both for the reported cversion', () => {
    const { state, open, run } = engineWithSession();
    const client = open();
    run(client, 'create', create('/p'));
    for (let i = 0; i < 3; i++) {
      run(client, 'create', create('/p/n-', 3));
      run(client, 'delete', { path: `/p/n-000000000${i}`, version: -1 });
    }
    assert.deepEqual(run(client, 'create', create('/p/n-', 2)).response, {
      path: '/p/n-0000000003',
      stat: state.tree.node('/p/n-0000000003')!.stat(),
    });
    assert.equal(state.tree.node('/p')!.stat().cversion, 7);
    assert.equal(state.tree.node('/p')!.stat().pzxid, state.lastZxid);
  });

  test('keeps the use of a quota in its own znode', () => {
    const { state, open, run } = engineWithSession();
    const client = open();
    for (const path of ['/q', '/zookeeper/quota/q']) run(client, 'create', create(path));
    const limits = {
      ...create('/zookeeper/quota/q/zookeeper_limits'),
      data: Buffer.from('count=9,bytes=-1'),
    };
    run(client, 'create', limits);
    run(client, 'create', create('/zookeeper/quota/q/zookeeper_stats'));
    const used = () => String(state.tree.node('/zookeeper/quota/q/zookeeper_stats')!.data);
    assert.equal(used(), 'count=1,bytes=1');
    run(client, 'create', create('/q/a'));
    run(client, 'setData', { path: '/q/a', data: Buffer.from('four'), version: -1 });
    assert.equal(used(), 'count=2,bytes=5');
    run(client, 'delete', { path: '/q/a', version: -1 });
    assert.equal(used(), 'count=1,bytes=1');
  });
});

test('a transaction of every kind is read as it was written', () => {
  const txn: Txn = {
    zxid: 1n << 40n,
    time: 1_800_000_000_000,
    sessionId: -(1n << 62n),
    change: {
      type: 'multi',
      changes: [
        {
          type: 'create',
          path: '/ü',
          data: null,
          acl: OPEN_ACL,
          owner: -(1n << 63n),
          parentCversion: 3,
        },
        { type: 'setACL', path: '/a', acl: [], version: 2 },
        { type: 'check', path: '/a' },
        { type: 'delete', path: '/b' },
        { type: 'setData', path: '/c', data: Buffer.alloc(0), version: -1 },
      ],
    },
  };
  for (const change of [
    txn.change,
    { type: 'createSession', timeout: 5, password: Buffer.alloc(16, 9) } as const,
    { type: 'closeSession', paths: ['/a', '/b'] } as const,
  ]) {
    const writer = new Writer();
    writeTxn(writer, { ...txn, change });
    assert.deepEqual(readTxn(new Reader(writer.take())), { ...txn, change });
  }
});
