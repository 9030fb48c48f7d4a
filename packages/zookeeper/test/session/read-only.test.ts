import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout, startEnsemble, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type ZooKeeper } from '../../src/index.ts';

const connected = (zk: ZooKeeper, readOnly: boolean) =>
  until(
    () => {
      const { state } = zk;
      return state.type === 'connected' && state.readOnly === readOnly && state;
    },
    { timeout: 25_000, message: `connected, readOnly ${readOnly}` },
  );

test('an ensemble that loses its quorum is read on, and left once one serves writes', {
  skip: skipWithout('zookeeper'),
}, async () => {
  await using ensemble = await startEnsemble({
    // Read-only servers take local sessions only.
    config: { localSessionsEnabled: true, localSessionsUpgradingEnabled: true },
    properties: { 'readonlymode.enabled': true },
  });
  const options = { connect: ensemble.connect, sessionTimeout: 1500, canBeReadOnly: true };
  await using zk = await connect({ ...options, onExpired: 'renew' });
  await connected(zk, false);
  await zk.create('/before', 'x');
  const states: string[] = [];
  zk.onState(({ type }) => states.push(type));
  const [first, second] = ensemble.members;
  await Promise.all([first!.kill(), second!.kill()]);

  // A session that the ensemble knows is not taken on by a read-only server, a new one is.
  await connected(zk, true);
  assert.deepEqual(states, ['disconnected', 'expired', 'connected']);
  await using late = await connect(options);
  const temporary = await connected(late, true);
  assert.equal((await zk.get('/before')).data.toString(), 'x');
  await assert.rejects(zk.set('/before', 'y'), (error) => isZooKeeperError(error, 'NOT_READONLY'));
  await assert.rejects(zk.sync(), (error) => isZooKeeperError(error, 'NOT_READONLY'));
  const events: string[] = [];
  await late.get('/before', { watch: ({ type }) => events.push(type) });
  // One that writes has nothing to look for here.
  const strict = { ...options, canBeReadOnly: false };
  await assert.rejects(connect(strict, { signal: AbortSignal.timeout(500) }), {
    name: 'TimeoutError',
  });

  await first!.restart();
  await connected(zk, false);
  const real = await connected(late, false);
  assert.notEqual(real.sessionId, temporary.sessionId);
  await late.set('/before', 'y');
  await until(() => events.length > 0);
  assert.deepEqual(events, ['changed']);
  assert.ok(!states.slice(3).includes('expired'));
});
