import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExpiryBuckets } from '../../src/sessions/expiry-buckets.ts';
import { nextSessionId } from '../../src/sessions/session-id.ts';
import { SessionTable } from '../../src/sessions/session-table.ts';

describe('expiry', () => {
  test('comes at the first tick after the deadline, never before it', () => {
    const buckets = new ExpiryBuckets<string>(100);
    buckets.extend('a', 0, 250);
    assert.deepEqual(buckets.expire(250), []);
    assert.deepEqual(buckets.expire(299), []);
    assert.deepEqual(buckets.expire(300), ['a']);
    assert.deepEqual(buckets.expire(10_000), []);
  });

  test('moves with every sign of life, and goes in order of the deadlines', () => {
    const buckets = new ExpiryBuckets<string>(100);
    buckets.extend('late', 0, 900);
    buckets.extend('early', 0, 100);
    buckets.extend('kept', 0, 100);
    buckets.extend('kept', 150, 5_000);
    buckets.extend('gone', 0, 100);
    buckets.delete('gone');
    assert.deepEqual(buckets.expire(2_000), ['early', 'late']);
    assert.deepEqual(buckets.expire(10_000), ['kept']);
  });
});

describe('session ids', () => {
  test('carry the server’s id, and never repeat when the clock goes back', () => {
    const first = nextSessionId(1, 1_700_000_000_000, 0n);
    assert.equal(first >> 56n, 1n);
    const second = nextSessionId(1, 1_700_000_000_000, first);
    const third = nextSessionId(1, 1_600_000_000_000, second);
    assert.deepEqual([second - first, third - second], [1n, 1n]);
    assert.ok(nextSessionId(1, 1_700_000_000_001, third) > third);
  });
});

describe('the session table', () => {
  test('lets nobody in without the password', () => {
    const table = new SessionTable(100);
    const password = Buffer.alloc(16, 7);
    table.open({ id: 5n, timeout: 1_000, password });
    assert.ok(table.authenticate(5n, Buffer.alloc(16, 7)));
    for (const wrong of [null, Buffer.alloc(16), Buffer.alloc(0), Buffer.alloc(17, 7)])
      assert.equal(table.authenticate(5n, wrong), undefined);
    assert.equal(table.authenticate(6n, password), undefined);
    table.close(5n);
    assert.equal(table.authenticate(5n, password), undefined);
    assert.equal(table.lastId, 5n);
  });

  test('keeps a session whose owner lives, and gives all a new term at the start', () => {
    const table = new SessionTable(100);
    table.open({ id: 1n, timeout: 1_000, password: Buffer.alloc(16) });
    table.open({ id: 2n, timeout: 1_000, password: Buffer.alloc(16) });
    table.touchAll(0);
    table.touch(1n, 900);
    assert.deepEqual(table.expired(1_100), [2n]);
    assert.deepEqual(table.expired(2_000), [1n]);
  });
});
