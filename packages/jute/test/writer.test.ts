import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reader, Writer } from '../src/index.ts';

test('several frames go into one buffer, each with its length in front', () => {
  const writer = new Writer(1);
  for (const text of ['one', 'twenty-two']) {
    const start = writer.begin();
    writer.string(text);
    writer.end(start);
  }
  const reader = new Reader(writer.take());
  assert.equal(reader.int(), 7);
  assert.equal(reader.string(), 'one');
  assert.equal(reader.int(), 14);
  assert.equal(reader.string(), 'twenty-two');
  assert.equal(reader.remaining, 0);
});

test('what was taken is not written over', () => {
  const writer = new Writer();
  writer.string('first');
  const first = writer.take();
  writer.string('SECOND');
  assert.equal(new Reader(first).string(), 'first');
});

test('a frame that could not be finished is dropped', () => {
  const writer = new Writer();
  writer.int(1);
  const before = writer.length;
  writer.string('half');
  writer.truncate(before);
  assert.equal(writer.take().length, 4);
});

test('times are exact in both directions, negative ones too', () => {
  for (const value of [0, -1, 1_663_145_171_645, 2 ** 53 - 1, -(2 ** 40)]) {
    const writer = new Writer();
    writer.time(value);
    const bytes = writer.take();
    assert.equal(bytes.readBigInt64BE(), BigInt(value));
    assert.equal(new Reader(bytes).time(), value);
  }
});

test('longs are exact in both directions; one of more than 64 bits is refused', () => {
  for (const value of [
    0n,
    -1n,
    1n << 32n,
    -(1n << 63n),
    (1n << 63n) - 1n,
    0x1234_5678_9abc_def0n,
  ]) {
    const writer = new Writer();
    writer.long(value);
    const bytes = writer.take();
    assert.equal(bytes.readBigInt64BE(), value);
    assert.equal(new Reader(bytes).long(), value);
  }
  assert.throws(() => new Writer().long(1n << 63n), RangeError);
});

test('strings of every width', () => {
  for (const text of ['', 'ascii', 'größe', '漢字', '😀'.repeat(300)]) {
    const writer = new Writer(1);
    writer.string(text);
    assert.equal(new Reader(writer.take()).string(), text);
  }
});
