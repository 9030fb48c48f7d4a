import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { skipWithout, startFaultProxy, startZooKeeper } from '@meshkeeper/testbed';
import { connect, isZooKeeperError } from '../../src/index.ts';
import { cutAndBack } from '../cut-and-back.ts';

test('the super digest passes every ACL, over every connection', {
  skip: skipWithout('zookeeper'),
}, async () => {
  const digest = createHash('sha1').update('super:admin').digest('base64');
  await using server = await startZooKeeper({
    properties: { 'zookeeper.DigestAuthenticationProvider.superDigest': `super:${digest}` },
  });
  await using proxy = await startFaultProxy({ target: server });
  await using zk = await connect({ connect: proxy.connect });
  await zk.create('/closed', 'x', { acl: [{ perms: 31, scheme: 'digest', id: 'ann:nobody' }] });
  await assert.rejects(zk.get('/closed'), (error) => isZooKeeperError(error, 'NO_AUTH'));
  await zk.addAuth('digest', 'super:admin');
  assert.equal((await zk.get('/closed')).data.toString(), 'x');
  await cutAndBack(proxy, zk);
  await zk.setAcl('/closed', [{ perms: 31, scheme: 'world', id: 'anyone' }]);
});
