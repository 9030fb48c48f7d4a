import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { OPEN_ACL } from '@meshkeeper/jute';
import { MemoryStorage, startZooKeeperServer } from '../../src/index.ts';
import { RawClient } from '../raw-client.ts';

describe('the server', () => {
  test('refuses connections over the limit for one address', async () => {
    await using strict = await startZooKeeperServer({ port: 0, maxClientConnections: 1 });
    await using first = await RawClient.connect(strict.address.port);
    await assert.rejects(RawClient.connect(strict.address.port));
    assert.equal((await first.send('ping', undefined, -2)).err, 0);
  });

  test('says that a port is busy', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    assert.ok(address && typeof address === 'object');
    await assert.rejects(startZooKeeperServer({ port: address.port }), {
      name: 'ZooKeeperServerError',
      code: 'port-busy',
      message: /Port \d+ on 127\.0\.0\.1 is busy.*give another port/,
    });
    squatter.close();
  });

  test('names every bad option at once', async () => {
    await assert.rejects(startZooKeeperServer({ port: -1, tickTime: 0 }), {
      code: 'bad-option',
      message: /port is -1.*tickTime is 0/,
    });
  });

  test('is not started when the signal has been given already', async () => {
    await assert.rejects(startZooKeeperServer({ port: 0 }, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
  });

  test('closes at once although clients stay, and twice is once', async () => {
    const own = await startZooKeeperServer({ port: 0 });
    const client = await RawClient.connect(own.address.port);
    client.pause();
    const begun = performance.now();
    await Promise.all([own.close(), own.close()]);
    await own.ended;
    assert.ok(performance.now() - begun < 4_500);
    await client.cut();
    await assert.rejects(RawClient.connect(own.address.port), { code: 'ECONNREFUSED' });
  });

  test('goes down, and acknowledges nothing more, when its disk is full', async () => {
    class FullDisk extends MemoryStorage {
      full = false;
      override async append(): Promise<void> {
        if (this.full)
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }
    }
    const storage = new FullDisk();
    const own = await startZooKeeperServer({ port: 0, storage });
    const client = await RawClient.connect(own.address.port);
    await client.create('/kept');
    storage.full = true;
    const lost = client.create('/lost');
    const read = client.send('exists', { path: '/lost', watch: false });
    await assert.rejects(lost, /connection closed/);
    await assert.rejects(read, /connection closed/);
    await assert.rejects(own.ended, { code: 'storage-failed', message: /no space left/ });
    await own.close();
  });

  test('deletes containers that were emptied and znodes that outlived their time', async () => {
    await using own = await startZooKeeperServer({ port: 0, reapInterval: 20 });
    await using client = await RawClient.connect(own.address.port);
    const acl = OPEN_ACL;
    await client.call('createContainer', { path: '/c', data: null, acl, flags: 4 });
    await client.call('createTTL', { path: '/t', data: null, acl, flags: 5, ttl: 30n });
    await client.create('/c/child');
    await client.call('exists', { path: '/c', watch: true });
    await client.call('exists', { path: '/t', watch: true });
    await client.call('delete', { path: '/c/child', version: -1 });
    while (client.events.length < 2) await client.send('ping', undefined, -2);
    assert.deepEqual(client.events.map(({ path }) => path).sort(), ['/c', '/t']);
    assert.deepEqual(
      client.events.map(({ type }) => type),
      [2, 2],
    );
  });
});
