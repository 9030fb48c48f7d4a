import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createRequest } from '@meshkeeper/identity';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { connect, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { PartialConfig } from '../../src/config/load.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { callAt } from '../api/plane.ts';
import { instance } from '../instance.ts';
import { startEmbedded } from '../servers.ts';

const [first, second] = ['2025', '2026'].map((name) => [name, randomBytes(32)] as const);
const CERTIFICATES = '/api/v1/identity/certificates';

describe('certificates over HTTP', () => {
  const stack = new AsyncDisposableStack();
  /** What all of them have said. */
  const logged: unknown[] = [];
  const logger: Logger = {
    debug: (...said) => void logged.push(said),
    info: (...said) => void logged.push(said),
    warn: (...said) => void logged.push(said),
  };
  let folder: TempDir;
  let zk: ZooKeeper;
  let address: string;
  let a: ControlPlane;
  let b: ControlPlane;
  let strict: ControlPlane;

  const keyFile = async (...keys: readonly (readonly [string, Buffer])[]) => {
    const file = join(folder.path, `keys-${randomBytes(4).toString('hex')}`);
    const lines = keys.map(([name, key]) => `${name}:${key.toString('base64')}\n`);
    await writeFile(file, lines.join(''));
    return { configuration: { secrets: { keyFile: file } } };
  };
  const start = async (more: PartialConfig, api: PartialConfig = {}) => {
    const listen = '127.0.0.1:0';
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: address },
        controlPlane: { api: { listen, ...api }, xds: { listen }, dns: { listen } },
        ...more,
      },
    });
    const plane = stack.use(await startControlPlane({ config, logger }));
    await plane.ready;
    return plane;
  };
  const call = (
    plane: ControlPlane,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) =>
    callAt(plane.api, path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const issue = async (plane: ControlPlane, service: string, headers = {}) => {
    const { csr } = await createRequest();
    return call(plane, 'POST', CERTIFICATES, { service, csr }, headers);
  };
  const audited = async (action: string) => {
    const { body } = await call(a, 'GET', '/api/v1/audit?limit=1000');
    return body.entries.filter((each: { action: string }) => each.action === action);
  };

  before(async () => {
    folder = stack.use(await tempDir());
    const server = stack.use(await startEmbedded());
    address = server.connect;
    zk = stack.use(await connect({ connect: address }));
    await zk.create('/discovery/carts/1', instance('carts', '1', 1001), { parents: true });
    const keys = await keyFile(first!);
    a = await start({ ...keys, identity: { maxLifetime: '48h' } });
    b = await start({ ...keys, identity: { maxLifetime: '48h' } });
    strict = await start(keys, { auth: { loopback: 'authenticated' } });
  });
  after(() => stack.disposeAsync());

  test('until the first there is no authority; then there is one for all replicas', async () => {
    for (const path of ['authorities', 'bundle', 'crl']) {
      const { status, body } = await call(a, 'GET', `/api/v1/identity/${path}`);
      assert.deepEqual([status, body.code], [404, 'unknown-authority'], path);
    }
    assert.deepEqual((await call(a, 'GET', CERTIFICATES)).body, { certificates: [] });
    const answers = await Promise.all([a, b, a, b].map((plane) => issue(plane, 'orders')));
    for (const { status, text } of answers) assert.equal(status, 201, text);
    const bundles = new Set(answers.map(({ body }) => body.bundle));
    assert.equal(bundles.size, 1);
    const { body, headers } = answers[0]!;
    assert.equal(body.spiffeId, 'spiffe://mesh/service/orders');
    assert.deepEqual(body.dnsNames, ['orders', 'orders.mesh']);
    assert.deepEqual([body.state, body.issuedBy], ['valid', 'loopback']);
    const leaf = new X509Certificate(body.certificate);
    assert.equal(leaf.serialNumber.toLowerCase(), body.serial);
    const colons = leaf.serialNumber.replaceAll(/(..)(?!$)/g, '$1:');
    const found = await call(b, 'GET', `${CERTIFICATES}/${encodeURIComponent(colons)}`);
    assert.equal(found.body.serial, body.serial);
    assert.equal(found.headers.get('etag'), headers.get('etag'));
    const bundle = await call(b, 'GET', '/api/v1/identity/bundle');
    assert.equal(bundle.text, body.bundle);
    assert.equal(bundle.headers.get('content-type'), 'application/x-pem-file');
    const seen = { 'if-none-match': bundle.headers.get('etag')! };
    assert.equal((await call(b, 'GET', '/api/v1/identity/bundle', undefined, seen)).status, 304);
  });

  test('the list is shown page by page, and by service', async () => {
    for (const service of ['shop', 'shop', 'shop', 'elsewhere']) await issue(a, service);
    const serials: string[] = [];
    for (let cursor = ''; ; ) {
      const query = `?service=shop&limit=2${cursor && `&cursor=${cursor}`}`;
      const { body, headers } = await call(b, 'GET', `${CERTIFICATES}${query}`);
      serials.push(...body.certificates.map(({ serial }: { serial: string }) => serial));
      assert.equal(headers.has('link'), body.next !== undefined);
      if (body.next === undefined) break;
      cursor = body.next;
    }
    assert.equal(serials.length, 3);
    assert.deepEqual(serials, serials.toSorted());
  });

  test('what can not be certified is refused, with what is wrong', async () => {
    const ask = async (body: object) => {
      const { csr } = await createRequest();
      const { status, body: answer } = await call(a, 'POST', CERTIFICATES, {
        ...{ service: 'orders', csr },
        ...body,
      });
      return [status, answer.code, answer.detail];
    };
    const named = async (name: string) => (await createRequest([name])).csr;
    const refused: [object, RegExp][] = [
      [{ csr: 'nonsense' }, /PEM/],
      [{ csr: await named('carts') }, /another service/],
      [{ csr: await named('carts.mesh') }, /another service|zone "mesh"/],
      [{ csr: await named('example.com') }, /identity\.dnsZones/],
      [{ ttl: '49h' }, /identity\.maxLifetime/],
    ];
    for (const [body, why] of refused) {
      const [status, code, detail] = await ask(body);
      assert.deepEqual([status, code], [422, 'invalid-certificate-request'], detail);
      assert.match(detail, why);
    }
    for (const body of [{ service: '' }, { ttl: '1ms' }, { ttl: 'soon' }, { more: 1 }])
      assert.deepEqual((await ask(body)).slice(0, 2), [400, 'invalid-request']);
    assert.equal((await ask({ ttl: '48h' }))[0], 201);
  });

  test('once for a key: who asks again gets the same certificate', async () => {
    const { csr } = await createRequest();
    const ask = (plane: ControlPlane) =>
      call(plane, 'POST', CERTIFICATES, { service: 'once', csr }, { 'idempotency-key': 'k-1' });
    const [one, two] = [await ask(a), await ask(b)];
    assert.equal(one.body.certificate, two.body.certificate);
    assert.equal(two.headers.get('idempotency-replayed'), 'true');
    const { body } = await call(a, 'GET', `${CERTIFICATES}?service=once`);
    assert.equal(body.certificates.length, 1);
  });

  test('revoked: as it was seen, once, and in the list at every replica', async () => {
    const { body, headers } = await issue(a, 'shop');
    const path = `${CERTIFICATES}/${body.serial}/revoke`;
    const why = { reason: 'key-compromise' };
    const stale = await call(a, 'POST', path, why, { 'if-match': '"7"' });
    assert.deepEqual([stale.status, stale.body.code], [412, 'precondition-failed']);
    const before = (await call(b, 'GET', '/api/v1/identity/crl')).text;
    const done = await call(a, 'POST', path, why, { 'if-match': headers.get('etag')! });
    assert.equal(done.status, 200, done.text);
    assert.deepEqual([done.body.state, done.body.revoked.reason], ['revoked', 'key-compromise']);
    const again = await call(b, 'POST', path, { reason: 'superseded' });
    assert.deepEqual(again.body, done.body);
    const crl = await call(b, 'GET', '/api/v1/identity/crl');
    assert.notEqual(crl.text, before);
    assert.match(crl.text, /^-----BEGIN X509 CRL-----/);
    const none = await call(a, 'POST', `${CERTIFICATES}/4d00/revoke`, why);
    assert.deepEqual([none.status, none.body.code], [404, 'unknown-certificate']);
    assert.equal((await call(a, 'POST', path, { reason: 'whatever' })).status, 400);
  });

  test('rotated, finished: what was signed before is told to be trusted no more', async () => {
    const { body: old } = await issue(a, 'rotated');
    const seen = await call(a, 'GET', '/api/v1/identity/authorities');
    const path = '/api/v1/identity/authorities';
    const match = { 'if-match': seen.headers.get('etag')! };
    const rotated = await call(b, 'POST', path, undefined, match);
    assert.equal(rotated.status, 201, rotated.text);
    assert.deepEqual(
      rotated.body.authorities.map(({ state }: { state: string }) => state),
      ['signing', 'retiring'],
    );
    assert.equal((await call(a, 'POST', path, undefined, match)).body.code, 'precondition-failed');
    const [signing, retiring] = rotated.body.authorities;
    assert.ok(retiring.unexpired >= 1);
    assert.equal((await issue(a, 'rotated')).body.authority, signing.id);
    const refused = await call(a, 'DELETE', `${path}/${signing.id}`);
    assert.deepEqual([refused.status, refused.body.code], [409, 'conflict']);
    assert.equal((await call(a, 'DELETE', `${path}/${retiring.id}`)).status, 200);
    const gone = await call(b, 'DELETE', `${path}/${retiring.id}`);
    assert.deepEqual([gone.status, gone.body.code], [404, 'unknown-authority']);
    const { body } = await call(b, 'GET', `${CERTIFICATES}/${old.serial}`);
    assert.equal(body.state, 'untrusted');
  });

  test('takes the roles that it says', async () => {
    const token = async (role: string) => {
      const { body } = await call(a, 'POST', '/api/v1/tokens', { name: role, roles: [role] });
      const headers = { authorization: `Bearer ${body.token}` };
      await until(
        async () => (await call(strict, 'GET', CERTIFICATES, undefined, headers)).status === 200,
      );
      return headers;
    };
    const [viewer, operator] = [await token('viewer'), await token('operator')];
    const bundle = '/api/v1/identity/bundle';
    assert.equal((await call(strict, 'GET', bundle)).status, 401);
    assert.equal((await call(strict, 'GET', bundle, undefined, viewer)).status, 200);
    assert.equal((await issue(strict, 'orders', viewer)).status, 403);
    const { status, body } = await issue(strict, 'orders', operator);
    assert.deepEqual([status, body.issuedBy], [201, 'token:operator']);
    const rotate = '/api/v1/identity/authorities';
    assert.equal((await call(strict, 'POST', rotate, undefined, operator)).body.role, 'admin');
    const revoke = `${CERTIFICATES}/${body.serial}/revoke`;
    assert.equal((await call(strict, 'POST', revoke, {}, viewer)).status, 403);
    assert.equal((await call(strict, 'POST', revoke, {}, operator)).status, 200);
  });

  test('the audit has who did what to which, and nobody has a key in it, in a log or a znode', async () => {
    const { csr, key } = await createRequest();
    const { body } = await call(a, 'POST', CERTIFICATES, { service: 'audited', csr });
    await call(a, 'POST', `${CERTIFICATES}/${body.serial}/revoke`, { reason: 'superseded' });
    const { serial } = body;
    const about = async (action: string) =>
      (await audited(action)).map(({ target }: { target: object }) => JSON.stringify(target));
    const expected = [
      ['issueCertificate', { service: 'audited', serial }],
      ['revokeCertificate', { serial, reason: 'superseded' }],
    ] as const;
    for (const [action, target] of expected)
      await until(async () => (await about(action)).includes(JSON.stringify(target)));
    const done = async (action: string) =>
      (await audited(action)).find(({ outcome }: { outcome: string }) => outcome === 'done');
    for (const action of ['rotateAuthority', 'retireAuthority'])
      assert.match((await done(action)).target.authority, /^[0-9a-f]{16}$/);
    const everything = async (path: string): Promise<string> => {
      const { data } = await zk.get(path);
      const { children } = await zk.children(path);
      const below = children.map((name) => everything(`${path === '/' ? '' : path}/${name}`));
      return [path, data.toString(), ...(await Promise.all(below))].join('\n');
    };
    const text = `${JSON.stringify(logged)}\n${await everything('/')}`;
    const secret = key.split('\n').slice(1, -2).join('');
    for (const each of ['PRIVATE KEY', secret, first![1].toString('base64')])
      assert.ok(!text.includes(each));
    assert.ok(text.includes(serial));
  });

  test('another key under the same name, or none: it is said what to set, and what needs no key is there', async () => {
    const other = await start(await keyFile([first![0], randomBytes(32)]));
    const wrong = await issue(other, 'orders');
    assert.deepEqual([wrong.status, wrong.body.code], [409, 'no-secret-key']);
    assert.match(
      wrong.body.detail,
      /authority [0-9a-f]{16} can't be opened.*configuration\.secrets/,
    );
    const newer = await start(await keyFile(second!));
    assert.match((await issue(newer, 'orders')).body.detail, /"2025" isn't here/);
    const none = await start({});
    const without = await issue(none, 'orders');
    assert.deepEqual([without.status, without.body.code], [409, 'no-secret-key']);
    assert.match(without.body.detail, /configuration\.secrets\.keyFile/);
    assert.equal((await call(none, 'GET', '/api/v1/identity/bundle')).status, 200);
    assert.equal((await call(none, 'GET', CERTIFICATES)).status, 200);
    assert.equal((await call(none, 'GET', '/api/v1/identity/crl')).body.code, 'no-secret-key');
    const elsewhere = await start({ identity: { trustDomain: 'elsewhere' } });
    const { body } = await call(elsewhere, 'GET', '/api/v1/identity/bundle');
    assert.equal(body.code, 'conflict');
    assert.match(body.detail, /identity\.trustDomain/);
  });

  test('the rotation of keys that encrypt is one of authorities, too', async () => {
    const both = await start(await keyFile(second!, first!));
    const rotate = () => call(both, 'POST', '/api/v1/secrets/rotate');
    const { authorities } = (await call(both, 'GET', '/api/v1/identity/authorities')).body;
    assert.deepEqual((await rotate()).body, { rotated: authorities.length, current: 0 });
    assert.deepEqual((await rotate()).body, { rotated: 0, current: authorities.length });
    const newer = await start(await keyFile(second!));
    assert.equal((await issue(newer, 'orders')).status, 201);
  });

  test('lifetimes that contradict each other are told before anything begins', async () => {
    const flags = { identity: { lifetime: '2h', maxLifetime: '1h', authorityLifetime: '3h' } };
    await assert.rejects(loadConfig({ flags }), (error: Error) => {
      for (const each of [
        /identity\.lifetime: is more/,
        /identity\.authorityLifetime: has to be four/,
      ])
        assert.match(error.message, each);
      return true;
    });
    const zones = { identity: { dnsZones: ['a b'] as never } };
    await assert.rejects(loadConfig({ flags: zones }), /identity\.dnsZones/);
  });
});
