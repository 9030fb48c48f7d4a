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
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type SaslOptions, type ZooKeeper } from '../../src/index.ts';
import { cutAndBack } from '../cut-and-back.ts';

const sasl: SaslOptions = { mechanism: 'DIGEST-MD5', username: 'ann', password: 'secret' };

/** The session is over, and whatever is called says why. */
async function isRefused(zk: ZooKeeper, told: RegExp): Promise<void> {
  await until(() => zk.ended);
  assert.ok(zk.state.type === 'auth-failed');
  assert.match(zk.state.cause.message, told);
  for (const call of [zk.get('/'), zk.sync()])
    await assert.rejects(call, (error) => {
      assert.ok(isZooKeeperError(error, 'AUTH_FAILED'), String(error));
      assert.equal(error.retryable, false);
      assert.match(error.message, told);
      return true;
    });
}

describe('a server that wants clients to authenticate', { skip: skipWithout('zookeeper') }, () => {
  let folder: TempDir;
  let server: ZooKeeperServer;
  before(async () => {
    folder = await tempDir('meshkeeper-jaas-');
    const jaas = join(folder.path, 'jaas.conf');
    const module = 'org.apache.zookeeper.server.auth.DigestLoginModule';
    await writeFile(jaas, `Server {\n  ${module} required user_ann="secret";\n};\n`);
    server = await startZooKeeper({
      config: {
        'authProvider.sasl': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
        sessionRequireClientSASLAuth: true,
      },
      properties: { 'java.security.auth.login.config': jaas, 'zookeeper.fips-mode': false },
    });
  });
  after(async () => {
    await server?.close();
    await folder?.close();
  });
  const wanted = /authenticate first: give sasl.*SESSION_CLOSED_REQUIRE_SASL_AUTH/;

  for (const onExpired of ['close', 'renew'] as const) {
    test(`is left for good at the first call (${onExpired})`, async () => {
      await using zk = await connect({ connect: server.connect, onExpired });
      const calls = [zk.get('/'), zk.create('/x'), zk.exists('/y')];
      const [first, ...others] = await Promise.allSettled(calls);
      assert.ok(first?.status === 'rejected');
      assert.ok(isZooKeeperError(first.reason, 'SESSION_CLOSED_REQUIRE_SASL_AUTH'));
      assert.ok(others.every(({ status }) => status === 'rejected'));
      await isRefused(zk, wanted);
    });

    test(`is left for good at the first ping (${onExpired})`, async () => {
      // Now and then the server hangs up before it has answered: a later ping tells.
      await using zk = await connect({ connect: server.connect, onExpired, sessionTimeout: 600 });
      await isRefused(zk, wanted);
    });
  }

  test('serves who has authenticated, over every connection', async () => {
    await using proxy = await startFaultProxy({ target: server });
    await using zk = await connect({ connect: proxy.connect, sasl, sessionTimeout: 4000 });
    await zk.create('/mine');
    await cutAndBack(proxy, zk);
    assert.ok(await zk.exists('/mine'));
  });

  test('a scheme that the server does not know is the end of the session', async () => {
    await using zk = await connect({ connect: server.connect, sasl, onExpired: 'renew' });
    await assert.rejects(zk.addAuth('nosuch', 'x'), (error) =>
      isZooKeeperError(error, 'AUTH_FAILED'),
    );
    await isRefused(zk, new RegExp(`${server.connect}: auth: the server refused the credentials`));
  });
});
