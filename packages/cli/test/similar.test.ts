import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, similar } from '../src/similar.ts';

test('the nearest is meant, if it is near enough', () => {
  const names = ['orders', 'order-history', 'checkout'];
  assert.equal(similar('ordres', names), 'orders');
  assert.equal(similar('Orders', names), 'orders');
  assert.equal(similar('order-histroy', names), 'order-history');
  assert.equal(similar('payments', names), undefined);
  assert.equal(similar('x', ['y']), 'y');
  assert.equal(similar('x', []), undefined);
  assert.equal(didYouMean('chekout', names), ': did you mean "checkout"?');
  assert.equal(didYouMean('nothing-like-it', names), '');
});
