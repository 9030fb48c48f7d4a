import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout, startEnsemble, until } from '../src/index.ts';

test('a quorum elects a new leader when its leader dies', {
  skip: skipWithout('zookeeper'),
}, async () => {
  await using ensemble = await startEnsemble();
  assert.equal(ensemble.members.length, 3);
  assert.equal(ensemble.connect.split(',').length, 3);
  const first = await ensemble.leader();
  assert.equal((await ensemble.followers()).length, 2);

  await first.kill();
  const second = await ensemble.leader();
  assert.notEqual(second, first);

  await first.restart();
  await until(async () => (await ensemble.followers()).includes(first));

  second.pause();
  const third = await ensemble.leader();
  assert.notEqual(third, second);
  second.resume();
  await until(async () => (await ensemble.followers()).length === 2);
});
