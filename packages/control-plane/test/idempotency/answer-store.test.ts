import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { ANSWERS, AnswerStore } from '../../src/idempotency/answer-store.ts';
import { startEmbedded } from '../servers.ts';

const DAY = 24 * 3_600_000;

test('answers are kept for a day, and then no longer', async () => {
  await using server = await startEmbedded();
  await using zk = await connect({ connect: server.connect });
  const claim = (store: AnswerStore, prefix: string) =>
    Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        store.claim(`${prefix}${i}`, 'request', AbortSignal.timeout(10_000)),
      ),
    );
  const kept = async () => (await zk.children(ANSWERS)).children.length;
  const today = new AnswerStore(zk, () => Date.now());
  await claim(today, 'first-');
  assert.equal(await kept(), 200);
  // As another replica sees it a day later.
  const tomorrow = new AnswerStore(zk, () => Date.now() + DAY + 3_600_000);
  await claim(tomorrow, 'second-');
  await until(async () => (await kept()) < 300);
});
