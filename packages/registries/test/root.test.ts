import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curator, nerve, serverset } from '../src/index.ts';
import { rootOf } from '../src/root.ts';

test('a registry of a dialect without a root has to name one', () => {
  assert.equal(rootOf({ dialect: curator }), '/discovery');
  assert.equal(rootOf({ dialect: curator, root: '/x' }), '/x');
  for (const dialect of [serverset, nerve]) {
    assert.equal(rootOf({ dialect, root: '/x' }), '/x');
    assert.throws(() => rootOf({ dialect }), {
      code: 'NO_ROOT',
      message: /has no root of its own/,
    });
  }
});
