import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ControlPlane, loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper } from './support/command.ts';

describe('meshkeeper token', () => {
  let server: ZooKeeperServer;
  let plane: ControlPlane;
  const run = (token: string | undefined, ...args: readonly string[]) =>
    meshkeeper(['--server', plane.api, ...(token ? ['--token', token] : []), ...args]);

  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    const listen = '127.0.0.1:0';
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen, auth: { loopback: 'authenticated' } },
          ...{ xds: { listen }, dns: { listen } },
        },
      },
    });
    const logger = { debug() {}, info() {}, warn() {} };
    plane = await startControlPlane({ config, logger });
  });
  after(async () => {
    await plane?.close();
    await server?.close();
  });

  test('the first is made in the ensemble, others by it; what each may is told, and audited', async () => {
    const nobody = await run(undefined, 'services');
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /pass --token, or set MESHKEEPER_TOKEN/);
    const first = ['token', 'create', 'root', '--role', 'admin', '--zookeeper', server.connect];
    const admin = JSON.parse((await run(undefined, ...first)).stdout).token;
    const made = await run(admin, 'token', 'create', 'ci', '--role', 'viewer', '--expires', '30d');
    const { token, expiresAt } = JSON.parse(made.stdout);
    assert.ok(Date.parse(expiresAt) > Date.now() + 29 * 86_400_000);
    assert.equal((await run(token, 'services')).code, 0);
    const refused = await run(token, 'token', 'list');
    assert.match(refused.stderr, /takes the role "admin"; pass the --token of somebody who may/);
    const list = JSON.parse((await run(admin, 'token', 'list')).stdout).tokens;
    assert.deepEqual(
      list.map(({ name, roles }: { name: string; roles: string[] }) => [name, roles]),
      [
        ['ci', ['viewer']],
        ['root', ['admin']],
      ],
    );
    assert.equal((await run(admin, 'token', 'revoke', 'ci')).code, 0);
    assert.equal((await run(token, 'services')).code, 1);
    assert.equal((await run(admin, 'token', 'revoke', 'ci')).code, 3);
    const audit = await run(admin, '-o', 'table', 'audit');
    assert.match(audit.stdout, /token root {2,}createToken {2,}done \(201\)/);
    assert.match(audit.stdout, /token root {2,}revokeToken ci {2,}done \(204\)/);
  });

  test('what is no role, and no name, is told before anything is made', async () => {
    const make = (name: string, role: string) =>
      run(undefined, ...['token', 'create', name, '--role', role, '--zookeeper', server.connect]);
    for (const [name, role] of [
      ['a', 'king'],
      ['a/b', 'viewer'],
    ] as const)
      assert.equal((await make(name, role)).code, 2);
  });
});
