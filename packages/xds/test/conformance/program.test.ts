/** The program that the original harness is run against, driven as the harness does. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { type HostPort, parseHostPort, type ResourceType } from '../../src/index.ts';
import { adapterMethods } from '../adapter/adapter-server.ts';
import { Peer } from './peer.ts';
import { call, held, Rig } from './rig.ts';
import { AGGREGATED, VARIANTS } from './variants.ts';

const MAIN = join(import.meta.dirname, '../adapter/main.ts');

let program: ChildProcess;
let adapter: Client;
let xds: HostPort;
let methods: Awaited<ReturnType<typeof adapterMethods>>;

before(async () => {
  const listen = ['--xds', '127.0.0.1:0', '--adapter', '127.0.0.1:0'];
  program = spawn(process.execPath, ['--conditions=source', MAIN, ...listen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(program.stdout);
  const [line] = await once(createInterface(program.stdout), 'line');
  const ready = JSON.parse(line);
  assert.equal(ready.event, 'ready');
  xds = parseHostPort(ready.xds) ?? assert.fail(ready.xds);
  adapter = new Client(ready.adapter, credentials.createInsecure());
  methods = await adapterMethods();
});

after(async () => {
  adapter.close();
  const exit = once(program, 'exit');
  program.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

test('the adapter: set, add, update, remove, clear', async () => {
  const node = 'test-id';
  const typeUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
  const change = { node, typeUrl, resourceName: 'B' };
  // A Cluster whose name is A.
  const resources = [{ type_url: typeUrl, value: Buffer.from('\n\u0001A') }];
  const [variant] = VARIANTS;
  assert.ok(variant);
  using peer = new Peer(xds, variant, { id: node });
  await call(adapter, methods.SetState, { node, version: '1', resources });
  peer.wildcard('cluster');
  assert.equal(held(await peer.accept('cluster')), 'A');
  await call(adapter, methods.AddResource, { ...change, version: '2' });
  const added = await peer.accept('cluster');
  assert.deepEqual([held(added), added.version], ['A B', '2']);
  await call(adapter, methods.UpdateResource, { ...change, version: '3' });
  assert.equal((await peer.accept('cluster')).version, '3');
  await call(adapter, methods.RemoveResource, { ...change, version: '4' });
  assert.equal(held(await peer.accept('cluster')), 'A');
  await call(adapter, methods.ClearState, { node });
  assert.equal(held(await peer.accept('cluster')), '');
  await assert.rejects(call(adapter, methods.AddResource, { ...change, typeUrl: 'nonsense' }), {
    code: status.INVALID_ARGUMENT,
  });
});

for (const variant of AGGREGATED) {
  describe(`several services by one stream: ${variant.title}`, () => {
    const pairs: readonly (readonly [ResourceType, ResourceType])[] = [
      ['cluster', 'listener'],
      ['listener', 'cluster'],
      ['route', 'endpoint'],
      ['endpoint', 'route'],
    ];
    for (const [one, other] of pairs) {
      test(`${one} and ${other}`, async () => {
        await using rig = await Rig.start();
        using scene = rig.connect(variant);
        const { peer } = scene;
        await scene.set('1', { [one]: ['A', 'B', 'C'], [other]: ['A', 'B', 'C'] });
        for (const type of [one, other]) {
          peer.subscribe(type, 'B');
          const reply = await peer.accept(type);
          assert.deepEqual([held(reply), reply.version], ['B', '1']);
        }
        for (const type of [one, other]) {
          await scene.update(type, 'B', '2');
          const reply = await peer.accept(type);
          assert.deepEqual([held(reply), reply.version], ['B', '2']);
        }
        for (const type of [one, other]) await scene.quiet(type);
      });
    }
  });
}
