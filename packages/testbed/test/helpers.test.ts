import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { freePort, freePorts, skipWithout, TestbedError, tempDir, until } from '../src/index.ts';

test('until returns the first value that is one', async () => {
  const values = [false, null, undefined, 0];
  assert.equal(await until(() => values.shift(), { interval: 1 }), 0);
});

test('until bears errors, and shows the last one when the time is up', async () => {
  let looks = 0;
  const look = () => {
    looks++;
    throw new Error(`look ${looks}`);
  };
  const wait = until(look, { timeout: 50, interval: 5, message: 'it looks good' });
  await assert.rejects(wait, (error) => {
    assert(error instanceof TestbedError);
    assert.equal(error.message, `waited 50 ms until it looks good; last error look ${looks}`);
    assert(error.cause instanceof Error);
    return true;
  });
  assert(looks > 1);
});

test('until shows the last value, and does not wait for a look that hangs', async () => {
  await assert.rejects(
    until(() => false, { timeout: 20 }),
    /last value false/,
  );
  await assert.rejects(
    until(() => new Promise<boolean>(() => {}), { timeout: 20 }),
    /look never ended/,
  );
});

test('until ends with the reason of its signal', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const wait = until(() => false, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(wait, reason);
  await assert.rejects(
    until(() => true, { signal: controller.signal }),
    reason,
  );
});

test('a temporary directory goes with all it holds', async () => {
  let path: string;
  {
    await using dir = await tempDir();
    path = dir.path;
    await writeFile(join(path, 'file'), 'x');
  }
  assert(!existsSync(path));
});

test('free ports can be listened on', async () => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  server.close();
  assert.equal(new Set(await freePorts(5)).size, 5);
});

for (const how of ["process.kill(process.pid, 'SIGKILL')", "throw new Error('uncaught')"]) {
  test(`servers die with the process: ${how}`, { skip: skipWithout('zookeeper') }, async () => {
    const index = JSON.stringify(import.meta.resolve('../src/index.ts'));
    const script = `
      const { startZooKeeper } = await import(${index});
      const zookeeper = await startZooKeeper();
      await new Promise((done) => process.stdout.write([zookeeper.port, zookeeper.dataDir].join(' '), done));
      ${how};
    `;
    const args = ['--conditions=source', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const [port, dataDir] = (await text(child.stdout)).split(' ');
    assert(port && dataDir);
    await until(() => isFree(Number(port)), { message: 'the server is gone' });
    await until(() => !existsSync(dataDir), { message: 'its data is gone' });
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  return true;
}
