import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import {
  type FaultProxy,
  freePort,
  skipWithout,
  startFaultProxy,
  startZooKeeper,
  type TempDir,
  tempDir,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import {
  type ConnectOptions,
  connect,
  isZooKeeperError,
  type TlsOptions,
} from '../../src/index.ts';
import { cutAndBack } from '../cut-and-back.ts';
import { Authority, type Certificate, encrypted } from './certificates.ts';

describe('TLS on Apache ZooKeeper', { skip: skipWithout('zookeeper') }, () => {
  let folder: TempDir;
  let server: ZooKeeperServer;
  let authority: Authority;
  let ann: Certificate;
  let bob: Certificate;
  let port: number;
  let proxy: FaultProxy;
  let ca: string;

  before(async () => {
    folder = await tempDir('meshkeeper-tls-');
    authority = await Authority.create(folder.path, 'authority');
    ca = authority.own.cert;
    const [zookeeper, one, two] = await Promise.all([
      authority.issue('zookeeper', ['DNS:zk.example', 'IP:127.0.0.1']),
      authority.issue('ann', []),
      authority.issue('bob', []),
    ]);
    [ann, bob] = [one, two];
    port = await freePort();
    server = await startZooKeeper({
      config: {
        secureClientPort: port,
        secureClientPortAddress: '127.0.0.1',
        serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
        'authProvider.x509': 'org.apache.zookeeper.server.auth.X509AuthenticationProvider',
        'ssl.keyStore.location': zookeeper.bothFile,
        'ssl.keyStore.type': 'PEM',
        'ssl.trustStore.location': authority.own.certFile,
        'ssl.trustStore.type': 'PEM',
      },
    });
    proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
  });
  after(async () => {
    await proxy?.close();
    await server?.close();
    await folder?.close();
  });

  const optionsOf = (tls: TlsOptions, host = '127.0.0.1'): ConnectOptions => ({
    connect: `${host}:${proxy.port}`,
    tls,
    lookup: async () => ['127.0.0.1'],
    reconnectJitter: 0,
  });
  const open = (tls: TlsOptions, host?: string) => connect(optionsOf(tls, host));
  /** What a caller learns who gives up after the first attempt. */
  const failure = async (options: ConnectOptions, told: RegExp) => {
    const patience = new AbortController();
    const debug = (_: object, message: string) => {
      if (message === 'could not connect') patience.abort();
    };
    const logger = { debug, info() {}, warn() {} };
    await assert.rejects(connect({ ...options, logger }, patience), (error: Error) => {
      assert.equal(error.name, 'AbortError');
      assert.match(error.message, told);
      assert.ok(error.cause instanceof Error);
      return true;
    });
  };
  const refused = (tls: TlsOptions, told: RegExp, host?: string) =>
    failure(optionsOf(tls, host), told);

  test('a client is its certificate, over every connection', async () => {
    await using zk = await open({ ca, cert: ann.cert, key: ann.key });
    await zk.create('/ann', 'secret', { acl: [{ perms: 31, scheme: 'x509', id: 'CN=ann' }] });
    await cutAndBack(proxy, zk);
    assert.equal((await zk.get('/ann')).data.toString(), 'secret');
    await using other = await open({ ca, cert: bob.cert, key: bob.key }, 'zk.example');
    await assert.rejects(other.get('/ann'), (error) => isZooKeeperError(error, 'NO_AUTH'));
  });

  test('large answers and many calls', async () => {
    await using zk = await open({ ca, cert: ann.cert, key: ann.key });
    const data = Buffer.alloc(900_000, 'x');
    await zk.create('/large', data);
    const answers = await Promise.all(Array.from({ length: 20 }, () => zk.get('/large')));
    assert.ok(answers.every((answer) => answer.data.equals(data)));
  });

  test("a context of the caller's own", async () => {
    const secureContext = createSecureContext({ ca, cert: ann.cert, key: ann.key });
    await using _plain = await open(secureContext);
    await using _named = await open({ secureContext, servername: 'zk.example' }, 'localhost');
  });

  test('a server with another name is refused', async () => {
    const tls = { ca, cert: ann.cert, key: ann.key };
    await refused(tls, /elsewhere\.example.*another name/, 'elsewhere.example');
    await using zk = await open(
      { ...tls, checkServerIdentity: () => undefined },
      'elsewhere.example',
    );
    await zk.exists('/');
    const checkServerIdentity = () => new Error('not this one');
    await refused({ ...tls, checkServerIdentity }, /not this one/);
  });

  test('a server of another authority is refused', async () => {
    const stranger = await Authority.create(folder.path, 'stranger');
    await refused({ cert: ann.cert, key: ann.key }, /authority is not known: give it as tls\.ca/);
    await refused(
      { ca: stranger.own.cert, cert: ann.cert, key: ann.key },
      /authority is not known/,
    );
    const unknown = await stranger.issue('eve', []);
    await refused({ ca, cert: unknown.cert, key: unknown.key }, /client's certificate/);
  });

  test('a missing client certificate is named', async () => {
    await refused({ ca }, /client certificate: give tls\.cert and tls\.key/);
  });

  test('TLS to a port without it, and the other way round', async () => {
    const tls = { ca, cert: ann.cert, key: ann.key };
    await failure({ connect: server.connect, tls }, /does not speak TLS/);
    await failure({ connect: proxy.connect }, /closed|reset/i);
  });

  test('each new connection takes what the files hold', async () => {
    const file = (name: string) => join(folder.path, `live-${name}`);
    const tls = { caFile: authority.own.certFile, certFile: file('cert'), keyFile: file('key') };
    await copyFile(ann.certFile, tls.certFile);
    await copyFile(ann.keyFile, tls.keyFile);
    await using zk = await open(tls);
    const id = async () => {
      const acl = [{ perms: 31, scheme: 'auth', id: '' }];
      const { path } = await zk.create('/who-', null, { mode: 2, acl });
      return (await zk.getAcl(path)).acl.map((entry) => entry.id);
    };
    assert.deepEqual(await id(), ['CN=ann']);
    await copyFile(bob.certFile, tls.certFile);
    await copyFile(bob.keyFile, tls.keyFile);
    assert.deepEqual(await id(), ['CN=ann']); // the connection stays
    await cutAndBack(proxy, zk);
    assert.deepEqual(await id(), ['CN=bob']);
    await writeFile(tls.keyFile, 'no key');
    await refused(tls, /live-cert.*can't be used for TLS/);
    await refused({ caFile: file('missing') }, /ENOENT.*live-missing/);
  });

  for (const form of ['pkcs8', 'traditional'] as const)
    test(`an encrypted key wants its passphrase (${form})`, async () => {
      const keyFile = await encrypted(ann.keyFile, 'open sesame', form);
      const key = await readFile(keyFile);
      const passphrase = 'open sesame';
      const texts = { ca, cert: ann.cert, key };
      const files = { caFile: authority.own.certFile, certFile: ann.certFile, keyFile };
      for (const tls of [texts, files]) {
        await using zk = await open({ ...tls, passphrase });
        assert.ok((await zk.whoAmI()).some(({ user }) => user === 'CN=ann'));
        await cutAndBack(proxy, zk);
      }
      const invalid = (told: RegExp) => (error: unknown) => {
        assert.ok(isZooKeeperError(error, 'INVALID_ARGUMENT'));
        assert.match(error.message, told);
        assert.doesNotMatch(error.message, /sesame|guess/);
        return true;
      };
      await assert.rejects(open(texts), invalid(/tls\.key is encrypted: give tls\.passphrase/));
      await assert.rejects(
        open(files),
        invalid(/-key\.pem\.\w+ is encrypted: give tls\.passphrase/),
      );
      const wrong = open({ ...texts, passphrase: 'guess' });
      await assert.rejects(wrong, invalid(/tls\.passphrase does not open tls\.key/));
      // The file may yet be replaced by one that it opens.
      await refused({ ...files, passphrase: 'guess' }, /tls\.passphrase does not open .*-key\.pem/);
    });

  test('half a certificate is no option', async () => {
    for (const half of [
      { ca, cert: ann.cert },
      { certFile: ann.certFile },
      { ca, cert: 'x', key: 'y' },
    ])
      await assert.rejects(open(half), (error) => isZooKeeperError(error, 'INVALID_ARGUMENT'));
  });
});
