import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { endpointsOf, getJson, type ServicesView } from './support/api.ts';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';

const SECRET = 'a secret of two';
const LISTENERS = ['--api-listen', '--xds-listen', '--dns-listen'].flatMap((flag) => [
  flag,
  '127.0.0.1:0',
]);

/** What the webhook posts. */
interface Post {
  readonly mesh: string;
  readonly destination: string;
  readonly revision: number;
  readonly complete: boolean;
  readonly services: readonly {
    readonly name: string;
    readonly endpoints: readonly Endpoint[] | null;
  }[];
}

interface Endpoint {
  readonly id: string;
  readonly weight: number;
  readonly registry: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Takes posts, or refuses them; what it was told is what it believes. */
class Receiver {
  readonly posts: Post[] = [];
  readonly services = new Map<string, readonly Endpoint[]>();
  readonly server: Server;
  refused = 0;
  refuses = false;

  constructor() {
    this.server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      if (this.refuses || request.headers['x-meshkeeper-signature'] !== `sha256=${signature}`) {
        this.refused++;
        response.writeHead(this.refuses ? 503 : 401).end();
        return;
      }
      this.#take(JSON.parse(body.toString()) as Post);
      response.writeHead(204).end();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/mesh`;
  }

  #take(post: Post): void {
    this.posts.push(post);
    if (post.complete) this.services.clear();
    for (const { name, endpoints } of post.services)
      if (endpoints === null) this.services.delete(name);
      else this.services.set(name, endpoints);
  }

  ids(service: string): string[] | undefined {
    return this.services.get(service)?.map(({ id }) => id);
  }
}

describe('examples/plugins: a static file is read, and what changes is posted to a webhook', () => {
  let server: ZooKeeperServer;
  let folder: TempDir;
  let controlPlane: Running;
  const receiver = new Receiver();
  const write = (name: string, text: string) => {
    const file = join(folder.path, name);
    writeFileSync(file, text);
    return file;
  };
  const services = (all: Readonly<Record<string, readonly object[]>>) => {
    const stated = Object.entries(all).map(([name, endpoints]) => [name, { endpoints }] as const);
    return JSON.stringify({ services: Object.fromEntries(stated) });
  };
  const at = (address: string, more: object = {}) => ({ address, port: 80, ...more });

  before(async () => {
    server = await startZooKeeperServer({ port: 0 });
    folder = await tempDir();
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    write('secret', `${SECRET}\n`);
    write('services.yaml', services({ web: [at('10.0.0.1')], old: [at('10.0.0.9')] }));
    const config = write(
      'meshkeeper.yaml',
      `zookeeper: { connect: "${server.connect}" }
plugins: [ ${['static-file', 'webhook'].map((name) => resolve(`examples/plugins/${name}.ts`)).join(', ')} ]
sources:
  - { name: files, kind: static-file, file: ./services.yaml }
destinations:
  - name: audit
    kind: webhook
    url: ${receiver.url}
    secret: { file: ./secret }
    from: { services: [ 'web*', old, new ] }
`,
    );
    controlPlane = await startMeshkeeper(['control-plane', '--config', config, ...LISTENERS]);
  });
  after(async () => {
    await controlPlane?.[Symbol.asyncDispose]();
    receiver.server.close();
    receiver.server.closeAllConnections();
    await folder?.close();
    await server?.close();
  });

  test('the first post is everything, the next ones are what has changed', async () => {
    await until(() => receiver.posts.length > 0);
    assert.equal(receiver.posts[0]?.complete, true);
    assert.deepEqual(receiver.ids('web'), ['10.0.0.1:80']);
    assert.deepEqual(receiver.ids('old'), ['10.0.0.9:80']);
    const { mesh, destination } = receiver.posts[0]!;
    assert.equal(destination, 'audit');
    const [endpoint] = receiver.services.get('web')!;
    assert.equal(endpoint?.registry, 'files');
    // What is written elsewhere carries the mark of the mesh, so that it never comes back.
    assert.equal(endpoint?.metadata['meshkeeper.mirror'], `${mesh}/audit/files`);

    const both = [at('10.0.0.1'), at('10.0.0.2', { weight: 50, metadata: { rack: '7' } })];
    write('services.yaml', services({ web: both, hidden: [at('10.0.0.7')] }));
    await until(() => receiver.ids('web')?.length === 2 && !receiver.services.has('old'));
    const told = receiver.posts.slice(1);
    assert.ok(told.every(({ complete }) => !complete));
    assert.equal(receiver.services.get('web')?.[1]?.weight, 50);
    const { api } = controlPlane.ready;
    await until(async () => (await endpointsOf(api, 'hidden')).length === 1);
    // It is chosen by name what is posted.
    assert.ok(!receiver.services.has('hidden'));
  });

  test('a broken file is a problem, and what was last good is served', async () => {
    const { api } = controlPlane.ready;
    const problems = async () => {
      const { registries } = await getJson<ServicesView>(`${api}/api/v1/services`);
      return registries.find(({ name }) => name === 'files')?.problems ?? [];
    };
    write('services.yaml', services({ web: [at('no address')] }));
    await until(async () => (await problems()).length === 1);
    assert.match((await problems())[0]?.message ?? '', /address/);
    write('services.yaml', 'services: {');
    await until(async () => /flow map|Flow map/.test((await problems())[0]?.message ?? ''));
    assert.equal((await endpointsOf(api, 'web')).length, 2);
    write('services.yaml', services({ web: [at('10.0.0.3')] }));
    await until(() => receiver.ids('web')?.join() === '10.0.0.3:80');
    assert.deepEqual(await problems(), []);
  });

  test('a receiver that is away is told the newest as soon as it is back', async () => {
    receiver.refuses = true;
    const before = receiver.posts.length;
    write('services.yaml', services({ web: [at('10.0.0.4')], new: [at('10.0.0.5')] }));
    const { api } = controlPlane.ready;
    const audit = async () => {
      const { destinations } = await getJson<{
        destinations: { name: string; state: string; message?: string; leads?: boolean }[];
      }>(`${api}/api/v1/destinations`);
      return destinations.find(({ name }) => name === 'audit')!;
    };
    await until(async () => (await audit()).state === 'failing');
    assert.match((await audit()).message ?? '', /answers 503$/);
    // What it was refused is not told later: the newest is.
    write('services.yaml', services({ web: [at('10.0.0.6')] }));
    await until(async () => (await endpointsOf(api, 'new')).length === 0);
    await until(() => receiver.refused > 1);
    receiver.refuses = false;
    await until(() => receiver.ids('web')?.join() === '10.0.0.6:80');
    assert.ok(!receiver.services.has('new'));
    const later = receiver.posts.slice(before).flatMap(({ services }) => services);
    assert.ok(!JSON.stringify(later).includes('10.0.0.4'), JSON.stringify(later));
    await until(async () => (await audit()).state === 'applied');
    assert.equal((await audit()).leads, true);

    const { stdout } = await meshkeeper(['destinations', '--server', api, '-o', 'table']);
    assert.match(stdout, /^NAME +KIND +STATE +REVISION/m);
    assert.match(stdout, /^audit +webhook +applied +(\d+)\/\1 +0$/m);
    assert.match(stdout, /^xds +xds +applied/m);
  });
});
