import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameSplitter, JuteError } from '../src/index.ts';

test('frames come out whole, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1 }),
      (payloads, cuts) => {
        const stream = Buffer.concat(
          payloads.flatMap((payload) => {
            const length = Buffer.alloc(4);
            length.writeInt32BE(payload.length);
            return [length, payload];
          }),
        );
        const splitter = new FrameSplitter(40);
        const frames: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!;
          splitter.push(stream.subarray(at, at + size), (frame) => frames.push(Buffer.from(frame)));
          at += size;
        }
        assert.deepEqual(
          frames.map((frame) => [...frame]),
          payloads.map((payload) => [...payload]),
        );
      },
    ),
  );
});

test('frames are taken one at a time, and what is left of a chunk waits', () => {
  const splitter = new FrameSplitter(16);
  const stream = Buffer.from('000000016100000000000000026263000000', 'hex');
  assert.equal(splitter.next(), undefined);
  splitter.add(stream);
  assert.equal(String(splitter.next()), 'a');
  assert.equal(String(splitter.next()), '');
  assert.equal(String(splitter.next()), 'bc');
  assert.equal(splitter.next(), undefined);
  splitter.add(Buffer.from('0164', 'hex'));
  assert.equal(String(splitter.next()), 'd');
  assert.equal(splitter.next(), undefined);
});

test('a frame over the limit or of negative length is refused at its length', () => {
  const refuse = (hex: string) => () =>
    new FrameSplitter(16).push(Buffer.from(hex, 'hex'), () => assert.fail('no frame'));
  assert.throws(
    refuse('00000011'),
    (error) => error instanceof JuteError && error.code === 'too-long',
  );
  assert.throws(
    refuse('ffffffff'),
    (error) => error instanceof JuteError && error.code === 'negative-length',
  );
});
