/**
 * A program that begins while everything is away, with what was good last; and one without that, which
 * doesn't begin.
 *
 *   node --conditions=source examples/config/offline.ts
 *
 * prints
 *
 *   greeting: hello
 *   greeting: hello (stale)
 *   without the disk: UNAVAILABLE
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, openConfig, ZooKeeperSource } from '@meshkeeper/config';
import { connect } from '@meshkeeper/zookeeper';
import { home } from '../mesh.ts';
import { publisher } from './publisher.ts';

const cacheDir = await mkdtemp(join(tmpdir(), 'meshkeeper-example-'));
const application = 'offline-example';
{
  await using example = await home();
  await publisher(example.at, application)({ greeting: 'hello' });
  // Straight from ZooKeeper, without a control plane.
  await using zk = await connect({
    connect: String(example.at.zookeeper ?? process.env.MESHKEEPER_ZOOKEEPER_CONNECT),
  });
  const source = new ZooKeeperSource({ zk });
  await using config = await openConfig({ application, source, cacheDir });
  console.log(`greeting: ${config.current.greeting}`);
}

const server = 'http://127.0.0.1:9'; // nobody is there
{
  await using config = await openConfig({ application, server, cacheDir });
  console.log(`greeting: ${config.current.greeting}${config.stale ? ' (stale)' : ''}`);
}
try {
  await openConfig({ application, server, timeout: 100 });
} catch (error) {
  if (error instanceof ConfigError) console.log(`without the disk: ${error.code}`);
}
await rm(cacheDir, { recursive: true });
