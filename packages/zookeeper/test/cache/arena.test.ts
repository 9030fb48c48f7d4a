import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena } from '../../src/cache/arena.ts';
import { seeded } from '../support/random-writes.ts';

const PIECES = 3000;
const CHANGES = 30_000;
/** What a small slab, the one being filled, and one being emptied may hold beside what is in use. */
const SLACK = 4 << 20;

test('an arena keeps each piece as it was last set, in little more room than they have', () => {
  const random = seeded(20_264);
  const arena = new Arena();
  const model = new Map<number, Buffer>();
  let live = 0;
  for (let i = 0; i < CHANGES; i++) {
    const id = Math.floor(random() * PIECES);
    live -= model.get(id)?.length ?? 0;
    if (random() < 0.25) {
      arena.delete(id);
      model.delete(id);
    } else {
      // Most are small, some have a slab of their own.
      const size = Math.floor(random() < 0.01 ? random() * 300_000 : random() * 2000);
      const bytes = Buffer.alloc(size, i);
      arena.set(id, bytes);
      model.set(id, bytes);
      live += size;
    }
    assert.equal(arena.has(id), model.has(id));
    const room = live + model.size * 8;
    assert.ok(arena.allocated <= room * 1.5 + SLACK, `${arena.allocated} bytes for ${room}`);
  }
  for (let id = 0; id < PIECES; id++) assert.deepEqual(arena.get(id), model.get(id));
  for (let id = 0; id < PIECES; id++) arena.delete(id);
  assert.ok(arena.allocated <= 1 << 20, 'nothing left but the slab that is filled next');
});

test('a small arena is small, however often it is changed', () => {
  const arena = new Arena();
  for (let i = 0; i < 10_000; i++) arena.set(i % 3, Buffer.alloc(300, i));
  assert.ok(arena.allocated <= 16_384, `${arena.allocated} bytes`);
});

test('a piece is compared with a text as UTF-8', () => {
  const arena = new Arena();
  const texts = ['', 'a', 'ab', 'b', 'größe', 'grö', '漢字', '😀', 'gr'];
  texts.forEach((text, id) => {
    arena.set(id, Buffer.from(text));
  });
  for (const [id, text] of texts.entries())
    for (const other of texts)
      assert.equal(arena.is(id, other), text === other, `${text} ${other}`);
  assert.equal(arena.is(100, ''), false);
});
