import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { curator } from '@meshkeeper/registries';
import { startZooKeeper, type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { XdsClient } from '@meshkeeper/xds';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';
import { startControlPlane } from './support/control-plane.ts';

const POLICY = (threshold: number) => `# for all that call orders
apiVersion: meshkeeper.io/v1
kind: ServicePolicy
metadata: { name: orders }
spec:
  targetRefs: [{ name: orders }]
  panicThreshold: ${threshold}
  subsets: [{ name: v1, metadata: { version: "1" } }]
`;
const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders }
spec:
  parentRefs: [{ group: "", kind: Service, name: orders }]
  rules:
    - backendRefs: [{ group: meshkeeper.io, kind: Subset, name: orders/v1 }]
`;

describe('policies by the command', () => {
  let server: Awaited<ReturnType<typeof startZooKeeper>>;
  let zk: ZooKeeper;
  let plane: Running;
  let folder: TempDir;

  const register = async (id: string, port: number) => {
    const instance = { service: 'orders', id, address: '10.0.0.1', port };
    const [entry] = curator.encode('/discovery', instance, 0);
    await zk.create(entry!.path, entry!.data, { parents: true });
  };
  /** As on a terminal; files are in the test's folder. */
  const run = (args: readonly string[], input?: string) =>
    meshkeeper([...args, '--server', plane.ready.api, '-o', 'table'], {
      cwd: folder.path,
      ...(input !== undefined && { input }),
    });
  const json = async (...args: readonly string[]) => {
    const { stdout } = await meshkeeper([...args, '--server', plane.ready.api, '-o', 'json'], {
      cwd: folder.path,
    });
    return JSON.parse(stdout);
  };
  const write = (name: string, content: string) => writeFileSync(join(folder.path, name), content);
  const done = async (...args: readonly string[]) => {
    const result = await run(args);
    assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
    return result;
  };

  before(async () => {
    folder = await tempDir();
    server = await startZooKeeper();
    zk = await connect({ connect: server.connect });
    await register('orders-1', 1);
    plane = await startControlPlane(server.connect);
    write('policy.yaml', POLICY(40));
    write('route.yaml', ROUTE);
  });
  after(async () => {
    await plane?.[Symbol.asyncDispose]();
    await zk?.close();
    await server?.close();
    await folder?.close();
  });

  test('apply, get, and what is printed is applied again', async () => {
    assert.match((await done('get')).stdout, /^there are no policies/);
    // The one needs the other: both at once.
    const { stdout, stderr } = await done('apply', '-f', 'route.yaml', 'policy.yaml');
    assert.match(stdout, /^HTTPRoute\/orders +created$/m);
    assert.match(stdout, /^ServicePolicy\/orders +created$/m);
    assert.equal(stderr, 'the policies are at revision 1\n');
    const list = await done('get');
    assert.match(list.stdout, /^KIND +NAME +FOR +STATUS +REVISION +BY +AGE\n/);
    assert.match(list.stdout, /^HTTPRoute +orders +orders +Accepted +1 +\S+ +\d+s$/m);
    for (const which of [['httproutes'], ['HTTPRoute/orders'], ['http', 'orders']]) {
      const { stdout } = await done('get', ...which);
      assert.match(stdout, /^HTTPRoute +orders/m);
      assert.doesNotMatch(stdout, /ServicePolicy/);
    }
    const yaml = await meshkeeper(['get', '-o', 'yaml', '--server', plane.ready.api]);
    assert.doesNotMatch(yaml.stdout, /status:/);
    const again = await run(['apply', '-f', '-'], yaml.stdout);
    assert.match(again.stderr, /^nothing has changed: the policies stay at revision 1$/m);
    const { policies, revision } = await json('get');
    assert.equal(revision, 1);
    assert.equal(policies[0].status.conditions[0].type, 'Accepted');
  });

  test('mistakes are told with file and line, and nothing is sent', async () => {
    write('bad.yaml', ROUTE.replace('parentRefs', 'parentRef').concat('---\nkind: Htproute\n'));
    const bad = await run(['apply', '-f', 'policy.yaml', 'bad.yaml']);
    assert.equal(bad.code, 1);
    assert.equal(bad.stdout, '');
    assert.deepEqual(bad.stderr.trimEnd().split('\n'), [
      'bad.yaml:5: spec.parentRef: there is no such field: did you mean "parentRefs"?',
      'bad.yaml:9: kind: there is no kind "Htproute": did you mean "HTTPRoute"?',
      'meshkeeper: 2 errors: nothing was sent',
    ]);
    const usage = {
      apply: /which files\? Write -f and a file/,
      'apply policy.yaml': /write -f before files: meshkeeper apply -f policy\.yaml/,
      'apply -f nope.yaml': /nope\.yaml: there is no such file/,
      'apply -f -': /stdin: there is no policy in it/,
      'apply -f policy.yaml --wait soon': /Write a duration: 500ms, 30s or 2m/,
      'apply -f policy.yaml --wait --dry-run': /choose one of --dry-run and --wait/,
      'get htproute': /there is no kind "htproute": did you mean HTTPRoute\?/,
      'get httproute/a/b/c': /names no policy: write KIND\/NAME/,
      delete: /which\? Write KIND\/NAME, or -f and a file/,
      'delete httproute': /which httproute\? Write its name behind it/,
      'delete http/a -f policy.yaml': /choose one of names and -f/,
      'rollback yesterday': /Give a whole number/,
      diff: /between what\?/,
      'diff 1 -f policy.yaml': /choose one of moments and -f/,
      'diff -f bad.yaml': /2 errors: nothing was sent/,
    };
    for (const [line, sentence] of Object.entries(usage)) {
      const result = await run(line.split(' '));
      assert.equal(result.code, 2, `${line}: ${result.stderr}`);
      assert.match(result.stderr, sentence, line);
      assert.equal(result.stdout, '', line);
    }
    for (const line of ['get httproute/nope', 'delete httproute/nope --yes', 'rollback 99 --yes'])
      assert.equal((await run(line.split(' '))).code, 3, line);
    assert.equal((await json('get')).revision, 1);
  });

  test('folders are read, those in them if that is asked for', async () => {
    const many = join(folder.path, 'many');
    mkdirSync(join(many, 'below'), { recursive: true });
    const nothing = await run(['apply', '-f', 'many']);
    assert.match(
      nothing.stderr,
      /many: there is no \.yaml.*; its folders are read with --recursive/,
    );
    write('many/below/policy.yml', POLICY(40));
    write('many/notes.txt', 'not: [a policy');
    assert.match(
      (await done('apply', '-R', '-f', 'many')).stdout,
      /ServicePolicy\/orders +unchanged/,
    );
  });

  test('what would change is shown, and nothing is changed', async () => {
    write('changed.yaml', POLICY(30).replace('targetRefs: [{', 'targetRefs: [{ name: ordres }, {'));
    const same = await done('diff', '-f', 'policy.yaml', 'route.yaml');
    assert.equal(same.stdout, '');
    const tried = await run(['diff', '-f', 'changed.yaml']);
    assert.equal(tried.code, 1);
    assert.match(
      tried.stdout,
      /^--- ServicePolicy\/orders \(applied\)\n\+\+\+ ServicePolicy\/orders \(changed\.yaml\)\n@@ /,
    );
    assert.match(tried.stdout, /^- {2}panicThreshold: 40\n\+ {2}panicThreshold: 30$/m);
    // What is found has its line in the file.
    assert.equal(
      tried.stderr,
      'changed.yaml:6: warning: spec.targetRefs[0].name: there is no service "ordres" in the catalog: did you mean "orders"?\n',
    );
    const dry = await done('apply', '-f', 'changed.yaml', '--dry-run');
    assert.match(dry.stdout, /^POLICY +WOULD BE\nServicePolicy\/orders +configured\n/);
    assert.match(dry.stdout, /^\+ {2}panicThreshold: 30$/m);
    assert.match(dry.stderr, /^a dry run: nothing was changed$/m);
    assert.equal((await json('get')).revision, 1);
    assert.match((await done('diff', '0s')).stdout, /^nothing differs between revision/);
  });

  test('history, and back', async () => {
    write('policy.yaml', POLICY(20));
    await done('apply', '-f', 'policy.yaml', '--reason', 'less panic');
    const { stdout } = await done('history', '--policies');
    assert.match(stdout, /^1 .* \+ HTTPRoute\/orders, \+ ServicePolicy\/orders +-$/m);
    assert.match(stdout, /^2 +20\S+Z +loopback \(\S+\) +~ ServicePolicy\/orders +less panic$/m);
    const one = await done('history', '--policies', '2');
    assert.match(one.stdout, /^revision 2, 20\S+Z by loopback \(\S+\): less panic$/m);
    assert.match(one.stdout, /^- {2}panicThreshold: 40\n\+ {2}panicThreshold: 20$/m);
    const route = await done('history', '--policies', 'http/orders');
    assert.doesNotMatch(route.stdout, /less panic/);

    const late = await run(['apply', '-f', 'policy.yaml', '--if-revision', '1']);
    assert.equal(late.code, 0); // it is so already
    write('policy.yaml', POLICY(10));
    const conflict = await run(['apply', '-f', 'policy.yaml', '--if-revision', '1']);
    assert.equal(conflict.code, 1);
    assert.match(
      conflict.stderr,
      /ServicePolicy\/orders was changed by \S+ at 20\S+Z \(revision 2\)/,
    );

    const dry = await done('rollback', '1', '--dry-run');
    assert.match(dry.stdout, /^\+ {2}panicThreshold: 40$/m);
    await done('rollback', '1', '--yes');
    const nowhere = await done('rollback', '3', '--yes');
    assert.equal(nowhere.stdout, '');
    assert.match(nowhere.stderr, /^nothing has changed: the policies stay at revision 3$/m);
    const [policy] = (await json('get', 'servicepolicies')).policies;
    assert.equal(policy.spec.panicThreshold, 40);
    assert.match(
      (await done('history', '--policies')).stdout,
      /^3 .*~ ServicePolicy\/orders +back to 1$/m,
    );
    // What the catalog was is told as before.
    assert.match((await done('history')).stdout, /^REVISION +WHEN +SERVICE +WHAT\n/);
  });

  test('what can not be used is told, and is not lost', async () => {
    const path = '/meshkeeper/policies/HTTPRoute/orders';
    const { data } = await zk.get(path);
    await zk.set(path, 'garbage');
    const { stdout, stderr } = await until(async () => {
      const result = await run(['get']);
      return result.stderr.includes(path) && result;
    });
    assert.match(stdout, /^HTTPRoute +orders +orders +Invalid/m);
    assert.match(stderr, /HTTPRoute\/orders holds no JSON: revision 1 goes on being used/);
    await until(() => plane.stderr().includes('goes on being used')); // it is logged
    await zk.set(path, data);
    await until(async () => (await run(['get'])).stderr === '');
  });

  test('wait: until all data planes have it, or who has not, and why', async () => {
    write('policy.yaml', POLICY(41));
    const nobody = await done('apply', '-f', 'policy.yaml', '--wait');
    assert.match(nobody.stderr, /^no data plane is connected/m);

    await using good = follow(plane.ready.xds, 'good', () => true);
    await using picky = follow(plane.ready.xds, 'picky', (ports) => !ports.includes(666));
    await until(() => good.ports.has(1) && picky.ports.has(1));
    write('policy.yaml', POLICY(42));
    const all = await done('apply', '-f', 'policy.yaml', '--wait', '30s');
    assert.match(all.stderr, /^2 data planes have applied it$/m);

    await register('orders-bad', 666);
    await until(() => good.ports.has(666));
    write('policy.yaml', POLICY(43));
    const rejected = await run(['apply', '-f', 'policy.yaml', '--wait', '30s']);
    assert.equal(rejected.code, 3);
    assert.match(rejected.stdout, /^ServicePolicy\/orders +configured$/m);
    assert.match(
      rejected.stdout,
      /^picky +rejected +\d+ +ClusterLoadAssignment orders\S*: not these ports$/m,
    );
    assert.match(
      rejected.stderr,
      /^meshkeeper: not converged: 1 data plane rejects it, 1 of 2 have/m,
    );
    const view = await json('apply', '-f', 'policy.yaml', '--wait', '30s');
    assert.equal(view.convergence.converged, false);
    assert.match((await run(['get'])).stderr, /ServicePolicy\/orders: picky: not these ports/);
    await zk.delete('/discovery/orders/orders-bad');
    await until(() => good.removed.has(666));

    await using _ = follow(plane.ready.xds, 'silent', () => undefined);
    write('policy.yaml', POLICY(44));
    const late = await run(['apply', '-f', 'policy.yaml', '--wait', '300ms']);
    assert.equal(late.code, 3);
    assert.match(late.stdout, /^silent +pending +-/m);
    assert.match(late.stderr, /not converged: 1 data plane is behind after 0\.3 s/);
  });

  test('delete: what is there goes in one transaction, and what misses it is told', async () => {
    const broken = await done('delete', 'servicepolicy/orders', '--yes', '--reason', 'not needed');
    assert.match(
      broken.stderr,
      /^HTTPRoute\/orders: error: spec\.rules\[0\]\.backendRefs\[0\]\.name: there is no subset "v1"/m,
    );
    assert.match((await run(['get'])).stdout, /^HTTPRoute +orders +orders +BackendNotFound/m);
    const unasked = await run(['delete', 'httproute', 'orders']);
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /nobody can be asked here: say --yes/);
    const partly = await run(['delete', 'httproute', 'orders', 'nope', '--yes']);
    assert.equal(partly.code, 3);
    assert.match(partly.stdout, /^HTTPRoute\/orders +deleted\nHTTPRoute\/nope +absent$/m);
    await done('delete', '-f', 'policy.yaml', 'route.yaml', '--ignore-not-found', '--yes');
    assert.deepEqual((await json('get')).policies, []);
  });

  test('the policies of the guide and the examples are policies', async () => {
    const guide = readFileSync('docs/guides/traffic-policies.md', 'utf8');
    const [, policies] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
    const tried = await run(['apply', '-f', '-', '--dry-run'], policies);
    assert.equal(tried.code, 0, tried.stderr);
    assert.match(tried.stdout, /^HTTPRoute\/orders +created$/m);
    assert.equal(tried.stderr, 'a dry run: nothing was changed\n');
    await done('apply', '--dry-run', '-f', resolve('examples/policies'));
  });

  test('every command has examples', async () => {
    for (const command of ['apply', 'get', 'delete', 'rollback', 'diff', 'history'])
      assert.match((await meshkeeper([command, '--help'])).stdout, /^Examples?:\n {2}meshkeeper /m);
  });
});

test('what was waited for holds for the next request', async () => {
  await using folder = await tempDir();
  const listeners = ['api', 'xds', 'dns', 'gateway', 'zookeeper'].flatMap((name) => {
    return [`--${name}-listen`, '127.0.0.1:0'];
  });
  await using up = await startMeshkeeper(['up', ...listeners, '--data', folder.path]);
  const backend = createServer((_, response) => response.end('orders')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = backend.address() as AddressInfo; // it listens on TCP
  await using zk = await connect({ connect: up.ready.zookeeper });
  const instance = { service: 'orders', id: 'orders-1', address: '127.0.0.1', port };
  const [entry] = curator.encode('/discovery', instance, 0);
  await zk.create(entry!.path, entry!.data, { parents: true });
  const status = () =>
    new Promise<number | undefined>((done, fail) => {
      const headers = { host: 'orders' };
      get(up.ready.gateway, { headers, agent: false }, (response) => {
        response.resume().on('end', () => done(response.statusCode));
      }).on('error', fail);
    });
  await until(async () => (await status()) === 200, { message: 'orders is served' });
  const run = async (...args: readonly string[]) => {
    const { code, stderr } = await meshkeeper([...args, '--wait', '--server', up.ready.api]);
    assert.equal(code, 0, stderr);
  };
  const fault = join(folder.path, 'fault.yaml');
  for (const httpStatus of [418, 503]) {
    writeFileSync(
      fault,
      `{ apiVersion: meshkeeper.io/v1, kind: FaultPolicy, metadata: { name: broken },
         spec: { targetRefs: [{ name: orders }], abort: { httpStatus: ${httpStatus}, percent: 100 } } }`,
    );
    await run('apply', '-f', fault);
    assert.equal(await status(), httpStatus);
  }
  await run('rollback', '1', '--yes');
  assert.equal(await status(), 418);
  await run('delete', 'faultpolicy/broken', '--yes');
  assert.equal(await status(), 200);
  backend.close();
});

/** A data plane that accepts what `judge` does, rejects it, or says nothing. */
function follow(xds: string, id: string, judge: (ports: number[]) => boolean | undefined) {
  const [host = '', port] = xds.split(':');
  const client = new XdsClient({
    address: { host, port: Number(port) },
    node: { id, cluster: 'test' },
  });
  const ports = new Set<number>();
  const removed = new Set<number>();
  const following = (async () => {
    for await (const batch of client.updates()) {
      const found =
        batch.type !== 'endpoint'
          ? []
          : [...batch.upserts.values()]
              .flatMap(({ endpoints }) => endpoints ?? [])
              .flatMap(({ lbEndpoints }) => lbEndpoints ?? [])
              .map(({ endpoint }) => endpoint?.address?.socketAddress?.portValue ?? 0);
      const verdict = judge(found);
      if (verdict === false) batch.reject('not these ports');
      if (verdict !== true) continue;
      for (const known of ports) if (found.length > 0 && !found.includes(known)) removed.add(known);
      for (const each of found) ports.add(each);
      batch.accept();
    }
  })();
  return {
    ports,
    removed,
    async [Symbol.asyncDispose]() {
      await client.close();
      await following;
    },
  };
}
