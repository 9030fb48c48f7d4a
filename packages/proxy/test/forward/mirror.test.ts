import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mirror } from '../../src/forward/mirror.ts';
import type { Cluster } from '../../src/upstream/cluster.ts';
import type { OutgoingHead, StreamReceiver, UpstreamStream } from '../../src/upstream/stream.ts';

const HEAD: OutgoingHead = {
  ...{ method: 'POST', target: '/', authority: 'a', scheme: 'http', fields: [] },
  ...{ body: { type: 'chunked' }, upgrade: undefined, trailers: false },
};

/** A stream that notes what is done to it, and takes as many pieces as it is told to. */
function stand() {
  const seen: string[] = [];
  const state = { takes: 0 };
  const stream: UpstreamStream = {
    write(piece) {
      seen.push(piece.toString());
      return --state.takes > 0;
    },
    finish: (trailers) => void seen.push(`end ${trailers}`),
    pause() {},
    resume() {},
    cancel: (reason) => void seen.push(`cancel ${reason}`),
  };
  let receiver: StreamReceiver | undefined;
  // Of a cluster a mirror needs no more than this.
  const cluster = {
    pick: () => ({}),
    open(_endpoint: unknown, _head: unknown, asks: StreamReceiver) {
      receiver = asks;
      return stream;
    },
  } as unknown as Cluster;
  const mirror = Mirror.open(cluster, HEAD, { timeout: 0, idleTimeout: 0 })!;
  return { mirror, seen, stream, state, receiver: receiver! };
}

test('a copy is kept until its stream takes it, in order, to its end', () => {
  const { mirror, seen, stream, state, receiver } = stand();
  mirror.write(Buffer.from('one'));
  mirror.write(Buffer.from('two'));
  assert.deepEqual(seen, []);
  state.takes = 1;
  receiver.opened(stream);
  assert.deepEqual(seen, ['one']);
  mirror.write(Buffer.from('three'));
  mirror.finish(['x', 'y']);
  state.takes = 2;
  receiver.writable();
  assert.deepEqual(seen, ['one', 'two', 'three']);
  state.takes = 1;
  receiver.writable();
  assert.deepEqual(seen, ['one', 'two', 'three', 'end x,y']);
  receiver.writable();
  receiver.end([]);
  mirror.cancel();
  assert.equal(seen.length, 4, 'it is over');
});

test('a copy that waits for too long a time with too much is given up', () => {
  const { mirror, seen, stream, receiver } = stand();
  for (let i = 0; i < 17; i++) mirror.write(Buffer.alloc(64 * 1024));
  assert.deepEqual(seen, ['cancel unwanted']);
  receiver.opened(stream);
  mirror.write(Buffer.from('more'));
  mirror.finish([]);
  assert.deepEqual(seen, ['cancel unwanted']);
});
