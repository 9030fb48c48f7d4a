import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout, startDubbo, startZooKeeper, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { dubboLayout, Projector } from '../src/index.ts';
import { documentOf } from '../src/model/content.ts';

test("Dubbo's configuration centre reads what is projected, and is told of changes", {
  skip: skipWithout('dubbo'),
}, async () => {
  await using server = await startZooKeeper();
  await using zk = await connect({ connect: server.connect });
  const signal = AbortSignal.timeout(60_000);
  const projector = new Projector({ zk, name: 'dubbo' });
  const project = (timeout: number) => {
    const content = documentOf('properties', `dubbo.consumer.timeout=${timeout}\n`);
    return projector.apply(
      dubboLayout([
        { application: 'shop', namespace: 'default', content },
        { application: 'application', namespace: 'default', content },
      ]),
      signal,
    );
  };
  await project(100);
  await using dubbo = await startDubbo({
    connect: server.connect,
    application: 'shop',
    protocols: [],
  });
  for (const group of ['shop', 'dubbo'])
    assert.equal(await dubbo.config('dubbo.properties', group), 'dubbo.consumer.timeout=100\n');
  await dubbo.watchConfig('dubbo.properties', 'shop');
  await project(200);
  await until(
    async () => (await dubbo.told())['shop/dubbo.properties'] === 'dubbo.consumer.timeout=200\n',
  );
});
