import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { type CertificateAuthority, createRequest } from '../src/index.ts';
import { code, NOBODY_ELSE, onServers } from './stage.ts';

interface Party {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What each sees of the other's certificate, or why they don't talk. */
async function meet(
  server: Party,
  client: Party,
  { servername = 'orders', crl }: { readonly servername?: string; readonly crl?: string } = {},
): Promise<{ readonly client: string; readonly server: string }> {
  // Of one text Node reads the first list only.
  const lists = crl === undefined ? {} : { crl: crl.split(/(?=-----BEGIN)/) };
  const listening = createServer({
    ...server,
    ...lists,
    requestCert: true,
    rejectUnauthorized: true,
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const refused = new Promise<never>((_, reject) => listening.once('tlsClientError', reject));
  const accepted = once(listening, 'secureConnection') as Promise<[TLSSocket]>;
  const socket = connect({ ...client, port, host: '127.0.0.1', servername });
  const failed = new Promise<never>((_, reject) => socket.once('error', reject));
  for (const each of [refused, accepted, failed]) each.catch(() => {});
  try {
    const [peer] = await Promise.race([accepted, refused, failed]);
    peer.on('error', () => {});
    await Promise.race([
      socket.authorized ? undefined : once(socket, 'secureConnect'),
      failed,
      refused,
    ]);
    return {
      client: peer.getPeerCertificate().subjectaltname ?? '',
      server: socket.getPeerCertificate().subjectaltname ?? '',
    };
  } finally {
    socket.destroy();
    listening.close();
  }
}

onServers('two services that call each other with mutual TLS', (stage) => {
  const { signal } = stage;
  const party = async (authority: CertificateAuthority, service: string) => {
    const { csr, key } = await createRequest();
    const asked = { service, csr, by: 'ann' };
    const { chain, bundle, certificate } = await authority.issue(asked, NOBODY_ELSE, signal);
    return { cert: chain, key, ca: bundle, serial: certificate.serial };
  };

  test('know each other, and across a rotation: old and new in all pairs, until it is finished', async () => {
    const authority = stage.authority();
    const old = { orders: await party(authority, 'orders'), shop: await party(authority, 'shop') };
    const seen = await meet(old.orders, old.shop);
    assert.match(seen.client, /^URI:spiffe:\/\/mesh\/service\/shop, DNS:shop/);
    assert.match(seen.server, /^URI:spiffe:\/\/mesh\/service\/orders, /);
    await assert.rejects(meet(old.orders, old.shop, { servername: 'carts' }), /altnames/);

    const { authorities } = await authority.rotate({ by: 'ann' }, signal);
    const fresh = {
      orders: await party(authority, 'orders'),
      shop: await party(authority, 'shop'),
    };
    // Also those who have only the bundle of before: who was trusted vouches for who signs now.
    for (const server of [old.orders, fresh.orders])
      for (const client of [old.shop, fresh.shop]) await meet(server, client);

    const [signing, retiring] = authorities;
    await assert.rejects(
      authority.retire(signing.id, { by: 'ann' }, signal),
      code('CONFLICT', /rotate first/),
    );
    await authority.retire(retiring!.id, { by: 'ann' }, signal);
    await assert.rejects(authority.retire(retiring!.id, { by: 'ann' }, signal), code('NOT_FOUND'));
    const last = { orders: await party(authority, 'orders'), shop: await party(authority, 'shop') };
    await meet(last.orders, last.shop);
    await meet(last.orders, fresh.shop);
    await assert.rejects(meet(last.orders, old.shop), 'the old one calls');
    await assert.rejects(meet(old.orders, last.shop), 'the old one is called');
  });

  test('twice rotated, who has the first bundle believes the third authority', async () => {
    const authority = stage.authority();
    const first = await party(authority, 'orders');
    await authority.rotate({ by: 'ann' }, signal);
    await authority.rotate({ by: 'ann' }, signal);
    const third = await party(authority, 'shop');
    await meet(first, third);
    await meet({ ...third, ca: first.ca }, first, { servername: 'shop' });
    await authority.rotate({ by: 'ann' }, signal);
    await assert.rejects(authority.rotate({ by: 'ann' }, signal), code('CONFLICT', /finish/));
  });

  test('refuse one that was revoked, by the list; during a rotation, too', async () => {
    const authority = stage.authority();
    const [orders, shop, other] = [
      await party(authority, 'orders'),
      await party(authority, 'shop'),
      await party(authority, 'shop'),
    ];
    await meet(orders, shop, { crl: await authority.revocationLists(signal) });
    await authority.revoke(shop.serial, { by: 'ann', reason: 'key-compromise' }, signal);
    const check = async () => {
      const crl = await authority.revocationLists(signal);
      await meet(orders, other, { crl });
      await assert.rejects(meet(orders, shop, { crl }), /revoked|closed|reset|hang up/i);
    };
    await check();
    await authority.rotate({ by: 'ann' }, signal);
    await check();
    const crl = await authority.revocationLists(signal);
    await meet(await party(authority, 'orders'), await party(authority, 'shop'), { crl });
  });
});
