import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DeltaStream, Harness, type SotwStream } from './harness.ts';

/** How often the stream is woken by what `change` does. */
function wakes(stream: DeltaStream | SotwStream, change: () => void): number {
  const before = stream.wakes;
  change();
  return stream.wakes - before;
}

/** So many names that who asks for them is told of every change. */
function many(): string[] {
  return Array.from({ length: 300 }, (_, i) => `s${i}`);
}

describe('who is woken by a change', () => {
  test('those who subscribe to it, incremental', () => {
    const harness = new Harness();
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a', 'b');
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { a: 1 })),
      1,
    );
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { c: 1 })),
      0,
    );
    assert.equal(
      wakes(stream, () => harness.set('cluster', { a: 1 })),
      0,
    );
    stream.unsubscribe('endpoint', 'a');
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { a: 2 })),
      0,
    );
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { b: 2 })),
      1,
    );
  });

  test('those who subscribe to it, state of the world', () => {
    const harness = new Harness();
    const stream = harness.sotw();
    stream.request('endpoint', ['a', 'b']);
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { a: 1 })),
      1,
    );
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { c: 1 })),
      0,
    );
    stream.request('endpoint', ['b', 'c']);
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { a: 2 })),
      0,
    );
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { c: 2 })),
      1,
    );
  });

  test('those who subscribe to all, until they no longer do', () => {
    const harness = new Harness();
    const stream = harness.delta();
    stream.subscribe('cluster', '*', 'a');
    assert.equal(
      wakes(stream, () => harness.set('cluster', { b: 1 })),
      1,
    );
    stream.unsubscribe('cluster', '*');
    assert.equal(
      wakes(stream, () => harness.set('cluster', { b: 2 })),
      0,
    );
    assert.equal(
      wakes(stream, () => harness.set('cluster', { a: 2 })),
      1,
    );
  });

  test('those who subscribe to much, only for what is theirs', () => {
    const harness = new Harness();
    const stream = harness.delta();
    stream.subscribe('endpoint', ...many());
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { s299: 1 })),
      1,
    );
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { other: 1 })),
      0,
    );
    stream.unsubscribe('endpoint', ...many().slice(1));
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { s299: 2 })),
      0,
    );
    assert.equal(
      wakes(stream, () => harness.set('endpoint', { s0: 1 })),
      1,
    );
  });

  test('nobody who has gone', () => {
    const harness = new Harness();
    const broad = harness.delta();
    broad.subscribe('endpoint', ...many());
    const narrow = harness.delta();
    narrow.subscribe('endpoint', 's1');
    for (const stream of [broad, narrow]) {
      stream.inner.close();
      assert.equal(
        wakes(stream, () => harness.set('endpoint', { s1: stream.wakes + 1 })),
        0,
      );
    }
  });
});
