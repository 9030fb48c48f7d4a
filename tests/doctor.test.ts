import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { hostname } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseArgs, promisify } from 'node:util';
import { curator } from '@meshkeeper/registries';
import {
  component,
  freePort,
  skipWithout,
  startConsul,
  startEnsemble,
  startFaultProxy,
  startKubernetes,
  startZooKeeper,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import { XdsClient } from '@meshkeeper/xds';
import { connect, Perms, type ZooKeeper } from '@meshkeeper/zookeeper';
import { FOUR_LETTER_WORDS, startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { CHECKS } from '../packages/cli/src/doctor/checks.ts';
import { Facts } from '../packages/cli/src/doctor/facts.ts';
import { type Outcome, runChecks } from '../packages/cli/src/doctor/run.ts';
import { endpointsOf, getJson } from './support/api.ts';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';

const run = promisify(execFile);

const NOBODY = '127.0.0.1:1';
const FREE = ['api', 'xds', 'gateway', 'dns', 'zookeeper'].flatMap((name) => [
  `--${name}-listen`,
  '127.0.0.1:0',
]);

const stack = new AsyncDisposableStack();
let folder: string;
let up: Running;
let zk: ZooKeeper;
/** Everything is well there. */
let well: readonly string[];

before(async () => {
  folder = stack.use(await tempDir()).path;
  // In memory: a disk that others use makes every look slow.
  const server = stack.use(
    await startZooKeeperServer({ port: 0, fourLetterWords: FOUR_LETTER_WORDS }),
  );
  const alone = await config('alone', 'protection: { lastInstance: false }\n');
  const args = ['up', ...FREE.slice(0, -2), '--zookeeper', server.connect, ...alone];
  up = stack.use(await startMeshkeeper(args));
  zk = stack.use(await connect({ connect: up.ready.zookeeper }));
  const backend = createServer().listen(0, '127.0.0.1');
  stack.defer(() => void backend.close());
  await once(backend, 'listening');
  await register('orders', (backend.address() as AddressInfo).port); // it listens on TCP
  well = ['--server', up.ready.api, '--zookeeper', up.ready.zookeeper];
});
after(() => stack.disposeAsync());

/** Registers an instance, and waits until it is served. */
async function register(service: string, port: number, address = '127.0.0.1'): Promise<string> {
  const instance = { service, id: `${service}-1`, address, port };
  const [entry] = curator.encode('/discovery', instance, 0);
  await zk.create(entry!.path, entry!.data, { parents: true });
  await until(async () => (await endpointsOf(up.ready.api, service)).length === 1);
  return entry!.path;
}

type Outcomes = ReadonlyMap<string, Outcome>;
const byId = (checks: readonly Outcome[]): Outcomes =>
  new Map(checks.map((check) => [check.id, check]));

/** What each check says to the command. */
async function command(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcomes> {
  const { code, stdout, stderr } = await meshkeeper(['doctor', ...args, '-o', 'json'], { env });
  const { checks, errors } = JSON.parse(stdout) as { checks: Outcome[]; errors: number };
  assert.equal(code, errors > 0 ? 1 : 0, stderr);
  return byId(checks);
}

/** The same without a process of its own. */
async function doctor(args: readonly string[]): Promise<Outcomes> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: { type: 'string', default: 'http://127.0.0.1:7070' },
      zookeeper: { type: 'string' },
      config: { type: 'string' },
      envoy: { type: 'string' },
      'max-buffer': { type: 'string', default: String(0xf_ffff) },
    },
  });
  const { 'max-buffer': maxBuffer, ...flags } = values;
  await using facts = new Facts({ ...flags, maxBuffer: Number(maxBuffer), color: false });
  return byId(await runChecks(CHECKS, facts, () => {}));
}

/** Checks that a fault is found, and told as it should be. */
function finds(checks: Outcomes, id: string, outcome: 'warning' | 'error', seen: RegExp): void {
  const check = checks.get(id);
  assert.equal(check?.outcome, outcome, JSON.stringify(check));
  assert.ok(
    check.findings.some((finding) => seen.test(finding.seen)),
    JSON.stringify(check),
  );
  for (const { todo } of check.findings) assert.notEqual(todo, '');
}

/** Why no small disk can be had here; false where one can. */
function withoutMounts(): string | false {
  const args = ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'];
  const { status } = spawnSync('unshare', args);
  return status === 0 ? false : 'this system lets nobody mount in a namespace of their own';
}

/** A configuration file. */
async function config(name: string, text: string): Promise<readonly string[]> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, text);
  return ['--config', file];
}

test('where all is well nothing is found', async () => {
  const checks = await command(well);
  for (const check of checks.values())
    assert.match(check.outcome, /^(ok|skipped)$/, JSON.stringify(check));
  assert.equal(checks.get('zookeeper-acl')?.outcome, 'ok');
  assert.ok(checks.size >= 25);
  const table = await meshkeeper(['doctor', ...well, '-o', 'table']);
  assert.match(table.stdout, /^ZooKeeper\n {2}✓ the connect string can be read$/m);
  assert.match(table.stdout, /^0 errors, 0 warnings, \d+ ok, \d+ not looked at$/m);
  // It leaves nothing behind.
  assert.deepEqual(
    (await zk.children('/')).children.filter((name) => /doctor/.test(name)),
    [],
  );
});

describe('the configuration', { concurrency: true }, () => {
  test('config-invalid', async () => {
    const file = await config('invalid', 'zookeeper:\n  sesionTimeout: 10s\nregistries: []\n');
    const checks = await doctor([...well, ...file]);
    finds(checks, 'config-invalid', 'error', /invalid\.yaml:2: zookeeper\.sesionTimeout/);
    assert.equal(checks.get('config-invalid')?.findings.length, 2);
    assert.equal(checks.get('zookeeper-quorum')?.outcome, 'ok', 'the rest is looked at');
  });

  test('environment-unknown and listener-open', async () => {
    const open = "controlPlane: { api: { listen: '0.0.0.0:0', insecure: true } }\n";
    const args = [...well, ...(await config('open', open))];
    const checks = await command(args, { MESHKEEPER_ZOKEEPER_CONECT: 'zk1:2181' });
    finds(
      checks,
      'environment-unknown',
      'warning',
      /did you mean "MESHKEEPER_ZOOKEEPER_CONNECT"\?/,
    );
    finds(checks, 'listener-open', 'warning', /api listener is insecure/);
  });
});

describe('ZooKeeper', { concurrency: true }, () => {
  const server = (): readonly string[] => ['--server', up.ready.api];

  test('zookeeper-connect-string', async () => {
    const checks = await doctor([...server(), '--zookeeper', 'zk1:21 81']);
    finds(checks, 'zookeeper-connect-string', 'error', /is no connect string/);
    const twice = await doctor([...server(), '--zookeeper', `${NOBODY},${NOBODY}`]);
    finds(twice, 'zookeeper-connect-string', 'warning', /stands twice/);
  });

  test('zookeeper-name', async () => {
    const checks = await doctor([...server(), '--zookeeper', 'no-such-host.invalid:2181']);
    finds(checks, 'zookeeper-name', 'error', /no-such-host\.invalid has no address/);
  });

  test('zookeeper-unreachable', async () => {
    const none = await doctor([...server(), '--zookeeper', NOBODY]);
    finds(
      none,
      'zookeeper-unreachable',
      'error',
      /127\.0\.0\.1:1 can't be reached: .*ECONNREFUSED/,
    );
    assert.equal(none.get('zookeeper-acl')?.outcome, 'skipped');
    const some = await doctor([...server(), '--zookeeper', `${up.ready.zookeeper},${NOBODY}`]);
    finds(some, 'zookeeper-unreachable', 'warning', /127\.0\.0\.1:1/);
  });

  test('zookeeper-chroot', async () => {
    const checks = await doctor([...server(), '--zookeeper', `${up.ready.zookeeper}/nope`]);
    finds(checks, 'zookeeper-chroot', 'error', /the chroot \/nope is not there/);
  });

  test('zookeeper-version', { skip: skipWithout('old-zookeeper') }, async () => {
    const checked = async (release: '3.4.14' | '3.5.10') => {
      await using old = await startZooKeeper({ release });
      return await doctor([...server(), '--zookeeper', old.connect]);
    };
    const [of34, of35] = await Promise.all([checked('3.4.14'), checked('3.5.10')]);
    finds(of34, 'zookeeper-version', 'error', /3\.4\.14.* nothing can be written/);
    finds(of35, 'zookeeper-version', 'warning', /3\.5\.10.* it is polled/);
    assert.equal(of34.get('zookeeper-quorum')?.outcome, 'ok');
  });

  test('zookeeper-quorum: a server that says what it is, and gives no session', async () => {
    const mute = createServer((socket) => {
      socket.once('data', () => socket.end('Zookeeper version: 3.9.5, built on 2025\n'));
    }).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo; // it listens on TCP
    const checks = await doctor([...server(), '--zookeeper', `127.0.0.1:${port}`]);
    finds(checks, 'zookeeper-quorum', 'error', /gives no session/);
    mute.close();
  });

  test('zookeeper-words, zookeeper-session-timeout, zookeeper-acl, registry-missing', async () => {
    await using strict = await startZooKeeperServer({ port: 0, tickTime: 200 });
    await using owner = await connect({ connect: strict.connect });
    await owner.addAuth('digest', 'ops:secret');
    const acl = [{ scheme: 'auth', id: '', perms: Perms.ALL }];
    await owner.create('/meshkeeper', null, { acl });
    const checks = await doctor([...server(), '--zookeeper', strict.connect]);
    finds(checks, 'zookeeper-words', 'warning', /doesn't answer mntr/);
    finds(checks, 'zookeeper-session-timeout', 'warning', /of 10000 ms was asked for, .* 4000 ms/);
    finds(checks, 'zookeeper-acl', 'error', /the ACL of \/meshkeeper/);
    finds(checks, 'registry-missing', 'warning', /none of the usual registries/);
    finds(checks, 'control-plane-ensemble', 'error', /uses another ensemble/);
  });

  test('zookeeper-buffer', async () => {
    const checks = await doctor([...well, '--max-buffer', '64']);
    finds(checks, 'zookeeper-buffer', 'warning', /of \/discovery has \d+ bytes/);
    const over = await doctor([...well, '--max-buffer', '20']);
    finds(over, 'zookeeper-buffer', 'error', /of \/discovery has/);
  });

  test('zookeeper-quorum: two of three servers are away', async () => {
    await using ensemble = await startEnsemble();
    const [, second, third] = ensemble.members;
    await Promise.all([second!.kill(), third!.kill()]);
    const checks = await doctor([...server(), '--zookeeper', ensemble.connect]);
    finds(checks, 'zookeeper-quorum', 'error', /no quorum/);
    finds(checks, 'zookeeper-unreachable', 'warning', /can't be reached/);
  });
});

describe('registries', () => {
  const registry = (name: string, text: string) =>
    config(name, `registries:\n  - { name: mine, ${text} }\n`);

  test('registry-missing', async () => {
    const file = await registry('missing', 'dialect: curator, root: /nowhere');
    finds(await doctor([...well, ...file]), 'registry-missing', 'warning', /mine .*\/nowhere/);
  });

  test('registry-dialect', async () => {
    const file = await registry('dialect', 'dialect: serverset, root: /discovery');
    const checks = await doctor([...well, ...file]);
    finds(checks, 'registry-dialect', 'error', /read as serverset, but \/discovery holds curator/);
  });

  test('registry-empty', async () => {
    await zk.create('/empty');
    const file = await registry('empty', 'dialect: curator, root: /empty');
    finds(await doctor([...well, ...file]), 'registry-empty', 'warning', /no instance in mine/);
  });

  test('registry-malformed', async () => {
    await zk.create('/discovery/orders/broken', '{');
    const checks = await doctor(well);
    finds(checks, 'registry-malformed', 'warning', /^1 node can't be used, such as .*broken$/);
    await zk.delete('/discovery/orders/broken');
  });

  test('instance-unreachable and instance-address', async () => {
    const away = await register('away', 1);
    const docker = await register('docker', 80, '172.17.0.5');
    const checks = await doctor(well);
    finds(checks, 'instance-unreachable', 'warning', /^127\.0\.0\.1:1 \(away away-1\)/);
    finds(checks, 'instance-address', 'warning', /docker-1 is registered as 172\.17\.0\.5:80/);
    assert.equal(checks.get('instance-address')?.findings.length, 1, 'one machine has no others');
    await Promise.all([zk.delete(away), zk.delete(docker)]);
    for (const service of ['away', 'docker'])
      await until(async () => (await endpointsOf(up.ready.api, service)).length === 0);
  });

  test('instance-address: loopback, in an ensemble that others use', async () => {
    const server = ['--server', up.ready.api, '--zookeeper', `${hostname()}:2181`];
    finds(await doctor(server), 'instance-address', 'warning', /orders-1 .* 127\.0\.0\.1:/);
  });
});

describe('other platforms', () => {
  const looked = async (name: string, ...entries: readonly string[]) =>
    doctor([...well, ...(await config(name, entries.join('\n')))]);
  const source = (kind: string, ...settings: readonly string[]) =>
    `sources:\n  - { name: there, kind: ${[kind, ...settings].join(', ')} }`;
  const destination = (kind: string, ...settings: readonly string[]) =>
    `destinations:\n  - { name: to, kind: ${[kind, ...settings].join(', ')} }`;

  test('a cluster: platform-settings, -unreachable, -credentials, -rights', async () => {
    await using cluster = await startKubernetes({ namespaces: ['mesh', 'shop'] });
    const all = await looked(
      'cluster',
      source('kubernetes', `kubeconfig: ${cluster.kubeconfig}`, 'policies: true'),
      destination('kubernetes', `kubeconfig: ${cluster.kubeconfig}`),
    );
    for (const id of ['settings', 'unreachable', 'credentials', 'rights'])
      assert.equal(all.get(`platform-${id}`)?.outcome, 'ok', id);

    const nobody = await cluster.kubeconfigOf('mesh', 'nobody');
    const few = await looked(
      'rights',
      source('kubernetes', `kubeconfig: ${nobody}`, 'namespaces: [shop]'),
      destination('kubernetes', `kubeconfig: ${nobody}`, 'namespace: mesh'),
    );
    const read =
      /^sources: there: its account may not list, watch services in shop; not list, watch endpointslices in shop$/;
    finds(few, 'platform-rights', 'error', read);
    finds(
      few,
      'platform-rights',
      'error',
      /^destinations: to: .* create, patch, delete services in mesh/,
    );
    assert.equal(few.get('platform-credentials')?.outcome, 'ok');
    const written = cluster.requests.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    assert.ok(
      written.every(({ resource }) => resource === 'selfsubjectaccessreviews'),
      'nothing is written',
    );

    const stranger = join(folder, 'stranger');
    const text = await readFile(nobody, 'utf8');
    await writeFile(stranger, text.replace(/"token":"[^"]+"/, '"token":"nonsense"'));
    const unknown = await looked('stranger', source('kubernetes', `kubeconfig: ${stranger}`));
    finds(unknown, 'platform-credentials', 'error', /^sources: there: .*401/);

    const file = await looked('nowhere', source('kubernetes', 'kubeconfig: absent.yaml'));
    finds(file, 'platform-settings', 'error', /absent\.yaml can't be read/);
    await cluster.stop();
    const away = await looked('away', source('kubernetes', `kubeconfig: ${cluster.kubeconfig}`));
    finds(away, 'platform-unreachable', 'error', /^sources: there: .*ECONNREFUSED/);
  });

  test('a Consul: platform-unreachable, -credentials, -rights', async () => {
    await using consul = await startConsul({ acl: { read: 'reader', write: 'writer' } });
    const token = async (content: string) => {
      const file = join(folder, `${content}.token`);
      await writeFile(file, content);
      return [`address: '${consul.url}'`, `token: { file: ${file} }`];
    };
    const good = await looked('consul', source('consul', ...(await token('reader'))));
    assert.equal(good.get('platform-rights')?.outcome, 'ok');
    assert.equal(good.get('platform-unreachable')?.outcome, 'ok');
    const stranger = await looked('consul-2', source('consul', ...(await token('nonsense'))));
    finds(stranger, 'platform-credentials', 'error', /^sources: there: .*403: ACL not found/);
    const nobody = await looked('consul-3', source('consul', `address: '${consul.url}'`));
    finds(nobody, 'platform-rights', 'error', /who has no token may not see all services/);
    const away = await looked('consul-4', destination('consul', `address: 'http://${NOBODY}'`));
    finds(away, 'platform-unreachable', 'error', /^destinations: to: .*ECONNREFUSED/);
  });

  test('where none are configured nobody looks', async () => {
    assert.equal((await doctor(well)).get('platform-rights')?.outcome, 'skipped');
  });
});

describe('control plane and data planes', () => {
  test('control-plane-unreachable and port-in-use', async () => {
    const away = [
      '--zookeeper',
      up.ready.zookeeper,
      '--server',
      `http://127.0.0.1:${await freePort()}`,
    ];
    const busy = up.ready.gateway.replace('http://', '');
    const checks = await doctor([
      ...away,
      ...(await config('busy', `gateway: { listen: '${busy}' }`)),
    ]);
    finds(checks, 'control-plane-unreachable', 'error', /no control plane answers .*ECONNREFUSED/);
    finds(checks, 'port-in-use', 'error', new RegExp(`^${busy}, where the gateway`));
  });

  test('control-plane-token', async () => {
    const { path: cwd } = stack.use(await tempDir());
    const text = 'controlPlane: { api: { auth: { loopback: authenticated } } }\n';
    await writeFile(join(cwd, 'meshkeeper.yaml'), text);
    await using guarded = await startControlPlane(up.ready.zookeeper, { cwd });
    const args = ['--server', guarded.ready.api, '--zookeeper', up.ready.zookeeper];
    finds(await doctor(args), 'control-plane-token', 'error', /who has no token \(401: /);
    const wrong = await command(args, { MESHKEEPER_TOKEN: 'wrong' });
    finds(wrong, 'control-plane-token', 'error', /this token \(401: /);
    const made = ['token', 'create', 'doctor', '--role', 'viewer', '-o', 'json'];
    const { stdout } = await meshkeeper([...made, '--zookeeper', up.ready.zookeeper]);
    const { token } = JSON.parse(stdout) as { token: string };
    const right = await command(args, { MESHKEEPER_TOKEN: token });
    assert.equal(right.get('control-plane-token')?.outcome, 'ok');
  });

  test('control-plane-not-ready and data-plane-none', async () => {
    const port = Number(up.ready.zookeeper.split(':')[1]);
    await using proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
    await using plane = await startControlPlane(proxy.connect);
    const args = ['--server', plane.ready.api, '--zookeeper', up.ready.zookeeper];
    finds(await doctor(args), 'data-plane-none', 'warning', /no data plane/);
    proxy.refuse();
    proxy.cut();
    const status = async () =>
      (await getJson<{ status: string }>(`${plane.ready.api}/readyz`)).status;
    await until(async () => (await status()) === 'stale');
    finds(await doctor(args), 'control-plane-not-ready', 'warning', /what was last known/);
  });

  test('data-plane-rejects', async () => {
    const [host = '', port] = up.ready.xds.split(':');
    const node = { id: 'picky', cluster: 'test' };
    const client = new XdsClient({ address: { host, port: Number(port) }, node });
    const following = (async () => {
      for await (const batch of client.updates()) batch.reject('not with me');
    })();
    const rejected = async () => {
      const { proxies } = await getJson<{ proxies: { id: string; refused: unknown[] }[] }>(
        `${up.ready.api}/api/v1/proxies`,
      );
      return proxies.some(({ id, refused }) => id === 'picky' && refused.length > 0);
    };
    await until(rejected);
    finds(await doctor(well), 'data-plane-rejects', 'error', /^picky rejects .*not with me/);
    await client.close();
    await following;
    await until(async () => !(await rejected()));
  });

  test('protection-active', async () => {
    const path = await register('kept', 80);
    await meshkeeper(['hold', 'kept', '--server', up.ready.api]);
    await zk.delete(path);
    await until(async () => (await endpointsOf(up.ready.api, 'kept'))[0]?.held);
    finds(await doctor(well), 'protection-active', 'warning', /^1 endpoint of kept left/);
    await meshkeeper(['hold', 'kept', '--release', '--server', up.ready.api]);
  });

  test('envoy-version', async () => {
    const missing = await doctor([...well, '--envoy', join(folder, 'no-envoy')]);
    finds(missing, 'envoy-version', 'error', /there is no Envoy: .*no-envoy is not found/);
    const old = join(folder, 'envoy');
    await writeFile(
      old,
      '#!/bin/sh\necho "envoy  version: 68fe53a889416fd8570506232052b06f5a531541/1.20.0/Clean/RELEASE/BoringSSL"\n',
    );
    await chmod(old, 0o755);
    finds(await doctor([...well, '--envoy', old]), 'envoy-version', 'error', /Envoy is 1\.20\.0/);
    const found = await component('envoy');
    assert.ok(found.ok);
    const real = await doctor([...well, '--envoy', found.path]);
    assert.equal(real.get('envoy-version')?.outcome, 'ok');
  });
});

describe('the machine', { concurrency: true }, () => {
  test('clock-skew', async () => {
    const fast = 'const now = Date.now; Date.now = () => now() + 60_000;';
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(fast)}`;
    const checks = await command(well, { NODE_OPTIONS });
    finds(checks, 'clock-skew', 'warning', /clock of the control plane is (59|60|61) s behind/);
    finds(checks, 'clock-skew', 'warning', /clock of ZooKeeper is (59|60|61) s behind/);
  });

  test('file-descriptors', async () => {
    const PATH = `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}`;
    const script = `ulimit -n 512; exec meshkeeper doctor ${well.join(' ')} -o json`;
    const env = { ...process.env, PATH };
    const { stdout } = await run('bash', ['-c', script], { cwd: folder, env });
    const { checks } = JSON.parse(stdout) as { checks: Outcome[] };
    finds(byId(checks), 'file-descriptors', 'warning', /only 512 files/);
  });

  test('data-dir', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const text = `controlPlane: { dataDir: '${file}/data' }\n`;
    const checks = await doctor([...well, ...(await config('disk', text))]);
    finds(checks, 'data-dir', 'error', /nothing can be written to .*a-file\/data/);
  });

  test('data-dir: a disk that is full, or nearly', { skip: withoutMounts() }, async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const file = await config('full', `controlPlane: { dataDir: '${disk}' }\n`);
    const PATH = `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}`;
    const looked = async (before: string) => {
      const doctor = `meshkeeper doctor ${[...well, ...file].join(' ')} -o json || true`;
      const script = `mount -t tmpfs -o size=1m tmpfs '${disk}'; ${before}; ${doctor}`;
      const args = ['--user', '--map-root-user', '--mount', 'sh', '-c', script];
      const { stdout } = await run('unshare', args, { cwd: folder, env: { ...process.env, PATH } });
      return byId((JSON.parse(stdout) as { checks: Outcome[] }).checks);
    };
    finds(await looked('true'), 'data-dir', 'warning', /only 1 MB are free/);
    const fill = `head -c 2000000 /dev/zero > '${disk}/full' 2>/dev/null`;
    finds(await looked(fill), 'data-dir', 'error', /nothing can be written to .*ENOSPC/);
  });
});
