import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { component, freePort, tempDir, until } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { endpointsOf } from './support/api.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { meshkeeper, type Running, start, startMeshkeeper } from './support/command.ts';

const stack = new AsyncDisposableStack();
let up: Running;
let program: string;
let other: Backend;

/** An instance: healthy unless told otherwise; /call gives what another service answers by way of the sidecar. */
const APPLICATION = `
import { createServer, get } from 'node:http';
let healthy = true;
const server = createServer((request, response) => {
  if (request.url === '/toggle') healthy = !healthy;
  if (request.url === '/healthz') response.statusCode = healthy ? 200 : 503;
  if (request.url !== '/call') return response.end(process.env.MESHKEEPER_SERVICE);
  const { hostname, port } = new URL(process.env.HTTP_PROXY);
  get({ hostname, port, path: 'http://other/', headers: { host: 'other' } }, (answer) => answer.pipe(response));
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => { console.log('told to end'); process.exit(5); });
process.on('SIGHUP', () => console.log('hung up'));
`;

before(async () => {
  const server = stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
  const free = ['api', 'xds', 'gateway', 'dns'];
  const listeners = free.flatMap((name) => [`--${name}-listen`, '127.0.0.1:0']);
  const folder = stack.use(await tempDir()).path;
  const config = join(folder, 'meshkeeper.yaml');
  await writeFile(config, 'protection: { lastInstance: false }\n');
  const args = ['up', '--zookeeper', server.connect, '--config', config, ...listeners];
  up = stack.use(await startMeshkeeper(args));
  program = join(folder, 'application.mjs');
  await writeFile(program, APPLICATION);
  other = stack.use(await startBackend('the other'));
});
after(() => stack.disposeAsync());

/** The flags of a sidecar of `up`. */
const flags = (service: string, port: number): string[] => [
  ...['sidecar', '--service', service, '--port', String(port), '--address', '127.0.0.1'],
  ...['--server', up.ready.api, '--xds', up.ready.xds, '--outbound-listen', '127.0.0.1:0'],
  ...['--check-interval', '100ms', '--drain', '200ms'],
];

const served = async (service: string) =>
  (await endpointsOf(up.ready.api, service)).filter(({ health }) => health !== 'draining').length;

const kinds: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  'the embedded proxy': async () => [],
  async Envoy() {
    const envoy = await component('envoy');
    assert.ok(envoy.ok);
    return ['--data-plane', 'envoy', '--envoy', envoy.path, '--admin-listen', '127.0.0.1:0'];
  },
};

for (const [name, more] of Object.entries(kinds))
  describe(`beside an instance, with ${name}`, () => {
    test('it is registered while it is well, calls others, and leaves first', async () => {
      await using peer = await startMeshkeeper(flags('other', other.port));
      await until(async () => (await served('other')) === 1);
      const port = await freePort();
      const own = [...flags('mine', port), '--check', '/healthz', ...(await more()), '-o', 'json'];
      await using sidecar = start([...own, '--', process.execPath, program, String(port)]);
      const line = await sidecar.printed(
        /^\{"event":"ready","outbound":"http:\/\/127\.0\.0\.1:\d+"\}$/m,
      );
      assert.ok(line);
      await until(async () => (await served('mine')) === 1, { timeout: 20_000 });
      const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      await until(async () => (await ask('/call')) === 'the other', {
        message: 'it calls another',
      });
      assert.equal(await ask('/toggle'), 'mine');
      await until(async () => (await served('mine')) === 0, {
        message: 'what is ill is not served',
      });
      await ask('/toggle');
      await until(async () => (await served('mine')) === 1);
      process.kill(sidecar.pid, 'SIGHUP');
      await sidecar.printed(/^hung up$/m);
      const ending = sidecar.end('SIGTERM');
      await until(async () => (await served('mine')) === 0);
      const { code, stdout } = await ending;
      assert.equal(code, 5, "its exit code is the command's");
      assert.match(stdout, /told to end\n$/);
      assert.equal((await peer.end('SIGTERM')).code, 0);
    });
  });

describe('a sidecar', () => {
  test('over ZooKeeper itself, without a command; the instance is its own program', async () => {
    const args = [...flags('plain', other.port), '--zookeeper', up.ready.zookeeper];
    await using sidecar = await startMeshkeeper(args);
    await until(async () => (await served('plain')) === 1);
    assert.equal((await sidecar.end('SIGINT')).code, 0);
    await until(async () => (await served('plain')) === 0);
  });

  test('ends with its command, whose exit code it has', async () => {
    const args = [...flags('short', 1), '--', 'sh', '-c', 'exit 7'];
    assert.equal((await meshkeeper(args)).code, 7);
    const missing = await meshkeeper([...flags('short', 1), '--', 'no-such-program']);
    assert.equal(missing.code, 127);
    assert.match(missing.stderr, /no-such-program can't be run/);
    assert.equal((await endpointsOf(up.ready.api, 'short')).length, 0);
  });

  test('says what is missing', async () => {
    assert.equal((await meshkeeper(['sidecar', '--port', '1'])).code, 2);
    const envoy = [...flags('none', 1), '--data-plane', 'envoy', '--envoy', '/no/envoy'];
    const { code, stderr } = await meshkeeper(envoy);
    assert.equal(code, 1);
    assert.match(stderr, /\/no\/envoy can't be run: say where Envoy is with --envoy/);
    const open = await meshkeeper([...flags('none', 1), '--outbound-listen', '0.0.0.0:0']);
    assert.equal(open.code, 2);
    assert.match(open.stderr, /can be reached from other machines/);
  });
});
