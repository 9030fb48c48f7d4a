import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  skipWithout,
  startFaultProxy,
  startZooKeeper,
  type TempDir,
  tempDir,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type SaslOptions } from '../../src/index.ts';
import { cutAndBack } from '../cut-and-back.ts';

const sasl: SaslOptions = { mechanism: 'DIGEST-MD5', username: 'ann', password: 'pass"word\\1' };

describe('SASL on Apache ZooKeeper', { skip: skipWithout('zookeeper') }, () => {
  let folder: TempDir;
  let server: ZooKeeperServer;
  before(async () => {
    folder = await tempDir('meshkeeper-jaas-');
    const jaas = join(folder.path, 'jaas.conf');
    const module = 'org.apache.zookeeper.server.auth.DigestLoginModule';
    const password = sasl.password.replace(/["\\]/g, '\\$&');
    await writeFile(jaas, `Server {\n  ${module} required user_ann="${password}";\n};\n`);
    server = await startZooKeeper({
      config: {
        'authProvider.sasl': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
      },
      properties: { 'java.security.auth.login.config': jaas, 'zookeeper.fips-mode': false },
    });
  });
  after(async () => {
    await server?.close();
    await folder?.close();
  });

  test('a session is its user, over every connection', async () => {
    await using proxy = await startFaultProxy({ target: server });
    await using zk = await connect({ connect: proxy.connect, sasl });
    const mine = [{ perms: 31, scheme: 'sasl', id: 'ann' }];
    await zk.create('/mine', 'secret', { acl: mine });
    await cutAndBack(proxy, zk);
    assert.equal((await zk.get('/mine')).data.toString(), 'secret');
    await using stranger = await connect({ connect: server.connect });
    await assert.rejects(stranger.get('/mine'), (error) => isZooKeeperError(error, 'NO_AUTH'));
  });

  test('calls made meanwhile wait until it is done', async () => {
    await using proxy = await startFaultProxy({ target: server });
    await using zk = await connect({ connect: proxy.connect, sasl, sessionTimeout: 4000 });
    await zk.create('/held', 'x', { acl: [{ perms: 31, scheme: 'sasl', id: 'ann' }] });
    proxy.delay(30); // each of the three round trips takes so long: there is time to be too early
    await cutAndBack(proxy, zk);
    proxy.cut();
    const answers = await Promise.allSettled([zk.get('/held'), zk.get('/held')]);
    for (const answer of answers)
      if (answer.status === 'rejected')
        assert.ok(isZooKeeperError(answer.reason, 'CONNECTION_LOSS'), String(answer.reason));
    assert.equal((await zk.get('/held')).data.toString(), 'x');
  });

  test('a wrong password is the end, and says so', async () => {
    const wrong = { ...sasl, password: 'guess' };
    const attempt = connect({ connect: server.connect, sasl: wrong });
    await assert.rejects(attempt, (error) => {
      assert.ok(isZooKeeperError(error, 'AUTH_FAILED'));
      assert.match(String(error.cause), /refused the user or the password/);
      return true;
    });
  });
});

test('Kerberos is refused with a word on what to use', async () => {
  // @ts-expect-error: untyped options reach connect() too.
  const attempt = connect({ connect: 'localhost', sasl: { mechanism: 'GSSAPI' } });
  await assert.rejects(attempt, (error) => {
    assert.ok(isZooKeeperError(error, 'INVALID_ARGUMENT'));
    assert.match(error.message, /GSSAPI.*DIGEST-MD5/);
    return true;
  });
});
