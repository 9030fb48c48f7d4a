import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '@meshkeeper/testbed';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type CertificateAuthority, createRequest, noSealer } from '../src/index.ts';
import { code, DAY, HOUR, MINUTE, NOBODY_ELSE, onServers, openssl, TestSealer } from './stage.ts';

const by = 'ann';

onServers('a certificate authority', (stage) => {
  const { signal } = stage;
  const root = () => `/identity-${randomBytes(6).toString('hex')}`;
  const issue = async (authority: CertificateAuthority, service = 'orders', ttl?: number) => {
    const { csr, key } = await createRequest();
    const issued = await authority.issue({ service, csr, ttl, by }, NOBODY_ELSE, signal);
    return { ...issued, key, serial: issued.certificate.serial };
  };
  /** All that is in ZooKeeper below a path: paths and data. */
  const everything = async (zk: ZooKeeper, path: string): Promise<string> => {
    const { data } = await zk.get(path);
    const { children } = await zk.children(path);
    const below = await Promise.all(children.map((name) => everything(zk, `${path}/${name}`)));
    return [path, data.toString(), ...below].join('\n');
  };

  test('issues what OpenSSL takes for good, and SPIFFE for an identity', async () => {
    await using folder = await tempDir();
    const authority = stage.authority();
    const { chain, bundle, key, serial } = await issue(authority, 'com.acme.Orders:1.0');
    const file = async (name: string, text: string) => {
      await writeFile(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const [cert, ca] = [await file('cert.pem', chain), await file('bundle.pem', bundle)];
    const crl = await file('crl.pem', await authority.revocationLists(signal));
    const strict = ['verify', '-x509_strict', '-crl_check', '-CRLfile', crl, '-CAfile', ca];
    for (const purpose of ['sslserver', 'sslclient']) {
      const { ok, text } = await openssl(...strict, '-purpose', purpose, cert);
      assert.ok(ok, text);
    }
    const { text } = await openssl('x509', '-in', cert, '-noout', '-text');
    const uri = 'URI:spiffe://mesh/service/com.acme.Orders_3a1.0';
    for (const said of [
      ...['CA:FALSE', 'Digital Signature', 'TLS Web Server Authentication, TLS Web Client'],
      `Subject Alternative Name: critical\n                ${uri}, DNS:com.acme.orders-1.0.mesh\n`,
    ])
      assert.ok(text.includes(said), `${said} is not in ${text}`);
    assert.doesNotMatch(text, /Certificate Sign|Non Repudiation|Key Encipherment/);
    const leaf = new X509Certificate(chain);
    assert.equal(leaf.serialNumber.toLowerCase(), serial);
    assert.ok(
      leaf.checkPrivateKey(await import('node:crypto').then((c) => c.createPrivateKey(key))),
    );
    const signing = await openssl('x509', '-in', ca, '-noout', '-text');
    for (const said of ['CA:TRUE, pathlen:1', 'Certificate Sign, CRL Sign', 'URI:spiffe://mesh\n'])
      assert.ok(signing.text.includes(said), `${said} is not in ${signing.text}`);
  });

  test('is good a little before it was made, as long as asked for, and no longer than may be', async () => {
    const now = Date.UTC(2030, 0, 1);
    const authority = stage.authority({ now: () => now, lifetime: HOUR, maxLifetime: 2 * HOUR });
    const life = async (ttl?: number) => {
      const { notBefore, notAfter } = (await issue(authority, 'orders', ttl)).certificate;
      return [now - notBefore, notAfter - now];
    };
    assert.deepEqual(await life(), [5 * MINUTE, HOUR]);
    assert.deepEqual(await life(2 * HOUR), [5 * MINUTE, 2 * HOUR]);
    for (const ttl of [2 * HOUR + 1, 0, Number.NaN])
      await assert.rejects(life(ttl), code('NOT_VALID', /identity\.maxLifetime/));
  });

  test('several replicas that begin at once are one authority', async () => {
    const [shared, sealer] = [root(), new TestSealer()];
    const sessions = await Promise.all(Array.from({ length: 4 }, () => stage.session()));
    const replicas = sessions.map((zk) => stage.authority({ zk, root: shared, sealer }));
    const issued = await Promise.all(
      replicas.flatMap((replica) => [issue(replica), issue(replica), issue(replica)]),
    );
    assert.equal(new Set(issued.map(({ bundle }) => bundle)).size, 1);
    assert.equal(new Set(issued.map(({ certificate }) => certificate.authority)).size, 1);
    const { authorities } = (await replicas[0]!.authorities(signal))!;
    assert.equal(authorities.length, 1);
    const ca = new X509Certificate(issued[0]!.bundle);
    for (const { chain } of issued) assert.ok(new X509Certificate(chain).verify(ca.publicKey));
    assert.equal((await replicas[3]!.list({ limit: 100 }, signal)).length, 12);
  });

  test('replicas that rotate and issue at once: all that was issued is recorded under who has signed it', async () => {
    const [shared, sealer] = [root(), new TestSealer()];
    const sessions = await Promise.all(Array.from({ length: 3 }, () => stage.session()));
    const replicas = sessions.map((zk) => stage.authority({ zk, root: shared, sealer }));
    await issue(replicas[0]!);
    const rotations = replicas.map((each) => each.rotate({ by, version: 0 }, signal));
    const [issued, settled] = await Promise.all([
      Promise.all(replicas.flatMap((each) => [issue(each), issue(each), issue(each)])),
      Promise.allSettled(rotations),
    ]);
    // They have all seen the same: one of them changes it.
    assert.deepEqual(settled.map(({ status }) => status).toSorted(), [
      ...['fulfilled', 'rejected', 'rejected'],
    ]);
    const trust = (await replicas[0]!.authorities(signal))!;
    assert.equal(trust.authorities.length, 2);
    for (const { chain, certificate } of issued) {
      const { certificate: pem } = trust.authorities.find(
        ({ id }) => id === certificate.authority,
      )!;
      assert.ok(new X509Certificate(chain).verify(new X509Certificate(pem).publicKey));
      const found = await replicas[1]!.find(certificate.serial, signal);
      assert.equal(found.authority, certificate.authority);
    }
  });

  test('its key is nowhere but sealed; changed, elsewhere or with another key it is refused', async () => {
    const [shared, key] = [root(), randomBytes(32)];
    const authority = stage.authority({ root: shared, sealer: new TestSealer(key) });
    const { key: leafKey } = await issue(authority);
    await authority.rotate({ by }, signal);
    const text = await everything(stage.zk, shared);
    assert.doesNotMatch(text, /PRIVATE KEY/);
    const body = leafKey.split('\n').slice(1, -2).join('');
    assert.ok(!text.includes(body) && !text.includes(Buffer.from(body, 'base64').toString('hex')));
    const other = stage.authority({ root: shared });
    await assert.rejects(
      issue(other),
      code('NO_KEY', /key of the authority [0-9a-f]{16} can't be/),
    );
    await assert.rejects(other.revocationLists(signal), code('NO_KEY'));
    // What needs no key is there all the same.
    assert.match(await other.bundle(signal), /BEGIN CERTIFICATE/);
    assert.equal((await other.list({ limit: 9 }, signal)).length, 1);
    const path = `${shared}/trust`;
    const { data } = await stage.zk.get(path);
    const changed = async (change: (trust: ReturnType<typeof JSON.parse>) => void) => {
      const trust = JSON.parse(data.toString());
      change(trust);
      await stage.zk.set(path, JSON.stringify(trust));
      const fresh = stage.authority({ root: shared, sealer: new TestSealer(key) });
      await assert.rejects(issue(fresh), code('NO_KEY'));
    };
    await changed(({ authorities: [first] }) => {
      const sealed = Buffer.from(first.key, 'base64');
      sealed[20]! ^= 1;
      first.key = sealed.toString('base64');
    });
    await changed(({ authorities: [first, second] }) => {
      first.key = second.key;
    });
    await changed(({ authorities: [first, second] }) => {
      first.certificate = second.certificate;
    });
    await stage.zk.set(path, data);
    await issue(stage.authority({ root: shared, sealer: new TestSealer(key) }));
    await stage.zk.set(path, 'nonsense');
    await assert.rejects(issue(authority), code('MALFORMED', /trust holds no trust of ours/));
  });

  test('without a key to seal with nothing is begun', async () => {
    const shared = root();
    const authority = stage.authority({ root: shared, sealer: noSealer('set what is to be set') });
    await assert.rejects(issue(authority), code('NO_KEY', /set what is to be set/));
    await assert.rejects(authority.rotate({ by }, signal), code('NO_KEY'));
    assert.equal(await stage.zk.exists(shared), null);
    await assert.rejects(authority.bundle(signal), code('NOT_FOUND', /first certificate/));
    assert.deepEqual(await authority.list({ limit: 9 }, signal), []);
  });

  test('a request is refused that is not signed by its key, or is for somebody else', async () => {
    await using folder = await tempDir();
    const authority = stage.authority();
    const ask = (csr: string) =>
      authority.issue({ service: 'orders', csr, by }, NOBODY_ELSE, signal);
    const { csr } = await createRequest();
    const der = Buffer.from(csr.replaceAll(/-----.*-----|\s/g, ''), 'base64');
    der[der.length - 3]! ^= 1;
    const pem = (body: Buffer) =>
      `-----BEGIN CERTIFICATE REQUEST-----\n${body.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await assert.rejects(ask(pem(der)), code('NOT_VALID', /not signed with the key/));
    for (const text of [
      '',
      'nonsense',
      pem(Buffer.from('nonsense')),
      pem(randomBytes(300)),
      csr + csr,
    ])
      await assert.rejects(ask(text), code('NOT_VALID'));
    const made = async (names: string, ...key: string[]) => {
      const file = join(folder.path, 'csr.pem');
      const kind = key.length > 0 ? key : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
      const { ok, text } = await openssl(
        ...['req', '-new', '-nodes', '-subj', '/CN=root', '-keyout', join(folder.path, 'key.pem')],
        ...['-newkey', ...kind, '-out', file, '-addext', `subjectAltName=${names}`],
        ...['-addext', 'basicConstraints=critical,CA:TRUE'],
      );
      assert.ok(ok, text);
      return readFile(file, 'utf8');
    };
    for (const names of [
      ...['URI:spiffe://mesh/service/carts', 'URI:spiffe://elsewhere/service/orders'],
      ...['URI:spiffe://mesh/service/orders,URI:spiffe://mesh/service/orders', 'DNS:carts.mesh'],
      ...['DNS:example.com', 'IP:127.0.0.1', 'email:root@example.com', 'DNS:*.mesh'],
    ])
      await assert.rejects(ask(await made(names)), code('NOT_VALID'), names);
    for (const key of ['rsa:1024', 'ed25519'])
      await assert.rejects(ask(await made('DNS:orders', key)), code('NOT_VALID', /ECDSA/), key);
    // What else it asks for counts for nothing: it is a service's certificate.
    const fine = 'URI:spiffe://mesh/service/orders,DNS:ORDERS.mesh';
    for (const key of [[], ['rsa:2048']]) {
      const { chain } = await ask(await made(fine, ...key));
      const leaf = new X509Certificate(chain);
      assert.equal(leaf.ca, false);
      assert.equal(
        leaf.subjectAltName,
        'URI:spiffe://mesh/service/orders, DNS:orders, DNS:orders.mesh',
      );
      assert.equal(leaf.subject, undefined);
    }
  });

  test('the trust domain stays what it was', async () => {
    const [shared, sealer] = [root(), new TestSealer()];
    await issue(stage.authority({ root: shared, sealer }));
    const other = stage.authority({ root: shared, sealer, trustDomain: 'elsewhere' });
    await assert.rejects(issue(other), code('CONFLICT', /"mesh".*"elsewhere"/));
    assert.throws(() => stage.authority({ trustDomain: 'Not/One' }), code('NOT_VALID'));
  });

  test('what was issued is listed by serial, page by page, and by service', async () => {
    const authority = stage.authority({ maxLifetime: 9 * HOUR });
    for (let i = 1; i <= 6; i++) await issue(authority, i % 2 ? 'orders' : 'carts', i * HOUR);
    const all = await authority.list({ limit: 100 }, signal);
    assert.equal(all.length, 6);
    assert.deepEqual(
      all.map(({ notAfter }) => notAfter),
      all.map(({ notAfter }) => notAfter).toSorted((a, b) => a - b),
    );
    const pages: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await authority.list({ after, limit: 2, service: 'orders' }, signal);
      pages.push(...page.map(({ serial }) => serial));
      after = page.at(-1)?.serial;
      if (after === undefined) break;
    }
    const orders = all.filter(({ service }) => service === 'orders').map(({ serial }) => serial);
    assert.deepEqual(pages, orders);
    const [first] = all;
    assert.equal(first!.issuedBy, by);
    assert.deepEqual(await authority.find(first!.serial, signal), first);
    for (const serial of ['nonsense', '4d', first!.serial.replace(/.$/, 'x'), '../trust'])
      await assert.rejects(authority.find(serial, signal), code('NOT_FOUND'), serial);
  });

  test('what was revoked is in the list of that, at all replicas, and stays as it was', async () => {
    await using folder = await tempDir();
    const [shared, sealer] = [root(), new TestSealer()];
    const authority = stage.authority({ root: shared, sealer });
    const other = stage.authority({ root: shared, sealer, zk: await stage.session() });
    const [bad, good] = [await issue(authority), await issue(authority)];
    const numberOf = async (list: string) => {
      await writeFile(join(folder.path, 'crl.pem'), list);
      const { text } = await openssl(
        ...['crl', '-in', join(folder.path, 'crl.pem'), '-noout', '-crlnumber'],
      );
      return Number.parseInt(text.replace(/.*=(0x)?/, ''), 16);
    };
    const before = await other.revocationLists(signal);
    assert.equal(await other.revocationLists(signal), before, 'it is not signed for each who asks');
    const reason = 'key-compromise';
    const stale = authority.revoke(bad.serial, { by, reason, version: 7 }, signal);
    await assert.rejects(stale, code('STALE'));
    const twice = await Promise.all(
      [authority, other].map((each, i) => each.revoke(bad.serial, { by: `${i}`, reason }, signal)),
    );
    assert.deepEqual(twice[0]!.revoked, twice[1]!.revoked, 'one of them has done it');
    const after = await other.revocationLists(signal);
    assert.ok((await numberOf(after)) > (await numberOf(before)));
    await writeFile(join(folder.path, 'crl.pem'), after);
    await writeFile(join(folder.path, 'bundle.pem'), bad.bundle);
    for (const { chain, serial } of [bad, good]) {
      const file = join(folder.path, 'cert.pem');
      await writeFile(file, chain);
      const { ok, text } = await openssl(
        ...['verify', '-crl_check', '-CRLfile', join(folder.path, 'crl.pem')],
        ...['-CAfile', join(folder.path, 'bundle.pem'), file],
      );
      assert.equal(ok, serial === good.serial, text);
      if (!ok) assert.match(text, /certificate revoked/);
    }
    await assert.rejects(
      authority.revoke(`4d${'0'.repeat(32)}`, { by, reason }, signal),
      code('NOT_FOUND'),
    );
  });

  test('time removes what has expired, and authorities of which nothing is good any more', async () => {
    const [shared, sealer] = [root(), new TestSealer()];
    let now = Date.UTC(2030, 0, 1);
    const authority = stage.authority({ root: shared, sealer, now: () => now });
    const { serial } = await issue(authority);
    await authority.revoke(serial, { by, reason: 'superseded' }, signal);
    const [old] = (await authority.authorities(signal))!.authorities;
    await authority.rotate({ by }, signal);
    now += DAY - 1;
    const none = { pruned: 0, retired: [], rotated: undefined };
    assert.deepEqual(await authority.sweep(signal), none);
    now += HOUR + 1;
    assert.deepEqual(await authority.sweep(signal), { ...none, pruned: 1, retired: [old.id] });
    assert.deepEqual(await authority.sweep(signal), none);
    assert.equal((await authority.authorities(signal))!.authorities.length, 1);
    assert.doesNotMatch(await everything(stage.zk, shared), new RegExp(`${serial}|${old.id}/`));
    // In the last quarter of its life another follows, whoever looks first.
    now += 300 * DAY;
    const next = await issue(authority);
    const { authorities } = (await authority.authorities(signal))!;
    assert.equal(authorities[0].createdBy, 'meshkeeper');
    assert.equal(next.certificate.authority, authorities[0].id);
    now += 66 * DAY;
    assert.deepEqual((await authority.sweep(signal)).retired, [authorities[1]!.id]);
  });

  test('what is sealed with an older key is sealed with the current one', async () => {
    const [shared, older, newer] = [root(), randomBytes(32), randomBytes(32)];
    await issue(stage.authority({ root: shared, sealer: new TestSealer(older) }));
    const both = new TestSealer(newer, older);
    const authority = stage.authority({ root: shared, sealer: both });
    assert.deepEqual(await authority.reseal(signal), { resealed: 0, current: 1 });
    const [{ key }] = (await authority.authorities(signal))!.authorities;
    both.outdate(key);
    await authority.rotate({ by }, signal);
    assert.deepEqual(await authority.reseal(signal), { resealed: 1, current: 1 });
    await issue(stage.authority({ root: shared, sealer: new TestSealer(newer) }));
  });

  test('a public key that is weak in another way is refused as any other', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const csr = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const asked = stage.authority().issue({ service: 'a', csr, by }, NOBODY_ELSE, signal);
    await assert.rejects(asked, code('NOT_VALID', /one PEM block/));
  });
});
