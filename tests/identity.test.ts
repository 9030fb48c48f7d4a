import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { createRequest } from '@meshkeeper/identity';
import { type TempDir, tempDir } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper } from './support/command.ts';

describe('meshkeeper identity', () => {
  const stack = new AsyncDisposableStack();
  let folder: TempDir;
  let plane: ControlPlane;
  const run = (...args: readonly string[]) => meshkeeper(['--server', plane.api, ...args]);
  const done = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run('-o', 'json', 'identity', ...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const fileIn = (dir: string, name: string) => readFile(join(dir, name), 'utf8');

  before(async () => {
    folder = stack.use(await tempDir());
    const server = stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
    const keyFile = join(folder.path, 'keys');
    await writeFile(keyFile, `2026:${randomBytes(32).toString('base64')}\n`);
    const listen = '127.0.0.1:0';
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        configuration: { secrets: { keyFile } },
        controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
      },
    });
    const logger = { debug() {}, info() {}, warn() {} };
    plane = stack.use(await startControlPlane({ config, logger }));
  });
  after(() => stack.disposeAsync());

  test('issue writes a certificate, its key for nobody else, and whom to trust; again, all anew', async () => {
    const dir = join(folder.path, 'orders');
    const issued = await done('issue', 'orders', '--dir', dir, '--ttl', '12h');
    assert.deepEqual(
      issued.files,
      ['key.pem', 'bundle.pem', 'cert.pem'].map((name) => join(dir, name)),
    );
    assert.equal(issued.certificate, undefined, 'what is in files is not printed');
    const leaf = new X509Certificate(await fileIn(dir, 'cert.pem'));
    assert.equal(leaf.serialNumber.toLowerCase(), issued.serial);
    assert.ok(leaf.checkPrivateKey(createPrivateKey(await fileIn(dir, 'key.pem'))));
    assert.ok(leaf.verify(new X509Certificate(await fileIn(dir, 'bundle.pem')).publicKey));
    const life = Date.parse(leaf.validTo) - Date.parse(leaf.validFrom);
    assert.equal(Math.round(life / 60_000), 12 * 60 + 5);
    assert.equal((await stat(join(dir, 'key.pem'))).mode & 0o777, 0o600);
    const key = await fileIn(dir, 'key.pem');
    await done('issue', 'orders', '--dir', dir);
    assert.notEqual(await fileIn(dir, 'key.pem'), key);
    assert.deepEqual((await readdir(dir)).toSorted(), ['bundle.pem', 'cert.pem', 'key.pem']);
  });

  test('a request that was made elsewhere is certified without its key', async () => {
    const dir = join(folder.path, 'elsewhere');
    const file = join(folder.path, 'csr.pem');
    await writeFile(file, (await createRequest()).csr);
    await done('issue', 'com.acme.Orders:1.0', '--csr', file, '--dir', dir);
    assert.deepEqual((await readdir(dir)).toSorted(), ['bundle.pem', 'cert.pem']);
    const both = await run('identity', 'issue', 'a', '--csr', file, '--dns', 'b', '--dir', dir);
    assert.equal(both.code, 2);
    assert.equal((await run('identity', 'issue', 'a', '--csr', 'nowhere', '--dir', dir)).code, 2);
  });

  test('what is refused says why, and writes nothing', async () => {
    const dir = join(folder.path, 'refused');
    const foreign = ['identity', 'issue', 'orders', '--dns', 'example.com', '--dir', dir];
    const { code, stderr } = await run(...foreign);
    assert.equal(code, 1);
    assert.match(stderr, /"example\.com" can't be certified.*identity\.dnsZones/);
    await assert.rejects(readdir(dir), /ENOENT/);
  });

  test('list, revoke, rotate and finish', async () => {
    const dir = join(folder.path, 'shop');
    const { serial } = await done('issue', 'shop', '--dir', dir);
    const table = async () => (await run('-o', 'table', 'identity', 'list')).stdout;
    const row = new RegExp(`${serial} +spiffe://mesh/service/shop +23h +valid\n`);
    assert.match(await table(), row);
    const revoked = await done('revoke', serial.toUpperCase(), '--reason', 'superseded');
    assert.equal(revoked.state, 'revoked');
    assert.match(await table(), new RegExp(`${serial} .* revoked \\(superseded\\)\n`));
    assert.equal((await run('identity', 'revoke', '4d00')).code, 3);
    assert.equal((await run('identity', 'revoke', serial, '--reason', 'whim')).code, 2);

    const rotated = await done('rotate');
    const states = ({ authorities }: { authorities: readonly { state: string }[] }) =>
      authorities.map(({ state }) => state);
    assert.deepEqual(states(rotated), ['signing', 'retiring']);
    const asked = await run('identity', 'rotate', '--finish');
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /--yes/);
    assert.deepEqual(states(await done('rotate', '--finish', '--yes')), ['signing']);
    const again = await run('identity', 'rotate', '--finish', '--yes');
    assert.equal(again.code, 0);
    assert.match(again.stderr, /no rotation is under way/);
    const { certificates } = await done('list', '--service', 'orders');
    assert.ok(certificates.length > 0);
    for (const { service, state } of certificates)
      assert.deepEqual([service, state], ['orders', 'untrusted']);
  });
});
