import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { tempDir } from '@meshkeeper/testbed';

/** The least that a program that listens takes: what the machine is like just now. */
const BARE = `
  const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
    console.log(server.address().port);
  });
`;

/**
 * How many times as long as the bare program a start takes, in milliseconds of a machine that is
 * ours alone, where the bare program takes {@link BARE_START}: the best of up to five each, in turns, so
 * that both meet the same neighbours.
 * @param limit milliseconds that will do: a start that takes no longer is not repeated
 */
async function startTime(limit: number, start: () => Promise<number>): Promise<number> {
  let own = Number.POSITIVE_INFINITY;
  let bare = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    bare = Math.min(bare, await timed(process.execPath, ['-e', BARE], async () => {}));
    own = Math.min(own, await start());
    if ((own / bare) * BARE_START < limit) break;
  }
  return (own / bare) * BARE_START;
}
const BARE_START = 40;

/** Starts a command, runs `ready` with its ready line, ends it; milliseconds until `ready` was done. */
async function timed(
  command: string,
  args: readonly string[],
  ready: (line: string) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    await ready(line);
    return performance.now() - began;
  } finally {
    const ended = once(child, 'exit');
    process.kill(-child.pid!, 'SIGTERM');
    await ended;
  }
}

test('the embedded server listens within 300 ms', async () => {
  await using folder = await tempDir();
  const args = ['zookeeper', '--port', '0', '--data', folder.path, '-o', 'json'];
  const time = await startTime(300, () => timed('meshkeeper', args, async () => {}));
  assert.ok(time < 300, `${time} ms`);
});

test('npm start answers the first request through the gateway within 3 s', async () => {
  const listeners = ['api', 'xds', 'dns', 'gateway', 'zookeeper'];
  const flags = listeners.flatMap((name) => [`--${name}-listen`, '127.0.0.1:0']);
  const args = ['start', '--silent', '--', '-o', 'json', ...flags];
  const time = await startTime(3000, () =>
    timed('npm', args, async (line) => {
      const request = get(JSON.parse(line).gateway, { headers: { host: 'shop' }, agent: false });
      const [response] = await once(request, 'response');
      assert.equal(response.statusCode, 200);
      response.resume();
    }),
  );
  assert.ok(time < 3000, `${time} ms`);
});
