import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts, skipWithout, startEnsemble, tempDir, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError } from '../../src/index.ts';
import { Authority } from './certificates.ts';

test('over TLS, too, a read-only server is read and left for one that serves writes', {
  skip: skipWithout('zookeeper'),
}, async () => {
  await using folder = await tempDir('meshkeeper-tls-');
  const authority = await Authority.create(folder.path, 'authority');
  const [server, ann] = await Promise.all([
    authority.issue('zookeeper', ['IP:127.0.0.1']),
    authority.issue('ann', []),
  ]);
  const config = {
    standaloneEnabled: false,
    secureClientPortAddress: '127.0.0.1',
    serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
    'authProvider.x509': 'org.apache.zookeeper.server.auth.X509AuthenticationProvider',
    'ssl.keyStore.location': server.bothFile,
    'ssl.keyStore.type': 'PEM',
    'ssl.trustStore.location': authority.own.certFile,
    'ssl.trustStore.type': 'PEM',
    // Read-only servers take local sessions only.
    localSessionsEnabled: true,
    localSessionsUpgradingEnabled: true,
  };
  const [doomed, reading, writing] = (await freePorts(3)) as [number, number, number];
  // A read-only server ends when its quorum is back, and its clients go elsewhere anyhow. This one
  // stays as it is, so that only its clients' search leads away from it.
  await using pair = await startEnsemble({
    size: 2,
    config,
    memberConfig: (id) => ({ secureClientPort: id === 1 ? doomed : reading }),
    properties: { 'readonlymode.enabled': true },
  });
  await using _single = await startEnsemble({
    size: 1,
    config: { ...config, secureClientPort: writing },
  });
  const tls = { ca: authority.own.cert, cert: ann.cert, key: ann.key };
  {
    await using zk = await connect({ connect: `127.0.0.1:${writing}`, tls });
    // Ahead of the other ensemble, whose clients it would not take otherwise.
    for (let i = 0; i < 20; i++) await zk.create(`/ahead-${i}`);
  }
  await pair.members[0]!.kill();
  const options = { connect: `127.0.0.1:${reading}`, tls, sessionTimeout: 6000 };
  // Before the other one has noticed, it takes a session that it then refuses to go on with.
  const search = { canBeReadOnly: true, onExpired: 'renew', random: () => 0.99 } as const;
  await using zk = await connect({ ...options, ...search });
  const isAt = (port: number, readOnly: boolean) =>
    until(
      () => {
        const { state } = zk;
        if (state.type !== 'connected') return false;
        return state.server === `127.0.0.1:${port}` && state.readOnly === readOnly;
      },
      { timeout: 30_000 },
    );
  await isAt(reading, true);
  await assert.rejects(zk.create('/x'), (error) => isZooKeeperError(error, 'NOT_READONLY'));
  zk.updateServers(`127.0.0.1:${reading},127.0.0.1:${writing}`);
  await isAt(writing, false);
  await zk.create('/x');
});
