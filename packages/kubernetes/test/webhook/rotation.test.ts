import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connect, createServer } from 'node:tls';
import {
  certificatesOf,
  type Lifetimes,
  rotate,
  type ServingSecret,
} from '../../src/webhook/rotation.ts';

const NAMES = ['meshkeeper-webhook.meshkeeper.svc'];
const DAY = 86_400_000;
const LIFETIMES: Lifetimes = { authority: 300 * DAY, serving: 30 * DAY, overlap: 3_600_000 };
const NOW = Date.now();

function next(secret: ServingSecret | undefined, published: string | undefined, now: number) {
  return rotate({ secret, published, names: NAMES, now }, LIFETIMES);
}

/** Whether what is served with is signed by one of those that are trusted. */
function isTrusted({ serving }: ServingSecret, published: string): boolean {
  const cert = new X509Certificate(serving.cert);
  return certificatesOf(published).some((each) => cert.verify(new X509Certificate(each).publicKey));
}

describe('the serving certificate', () => {
  it('is one that TLS takes, for the name of the Service', async () => {
    const { trusted, serving } = await next(undefined, undefined, NOW);
    const server = createServer(serving, (socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const socket = connect({ host: '127.0.0.1', port, ca: trusted, servername: NAMES[0]! });
      await once(socket, 'secureConnect');
      assert.equal(socket.authorized, true);
      socket.destroy();
    } finally {
      server.close();
    }
  });

  it('stays as it is while it is good', async () => {
    const secret = await next(undefined, undefined, NOW);
    assert.equal(await next(secret, secret.trusted, NOW + DAY), secret);
  });

  it('is renewed in time, by the same authority', async () => {
    const secret = await next(undefined, undefined, NOW);
    const renewed = await next(secret, secret.trusted, NOW + 21 * DAY);
    assert.notEqual(renewed.serving.cert, secret.serving.cert);
    assert.equal(renewed.trusted, secret.trusted);
    assert.ok(isTrusted(renewed, secret.trusted));
  });

  it('is made anew for other names', async () => {
    const secret = await next(undefined, undefined, NOW);
    const names = ['webhook.elsewhere.svc'];
    const renewed = await rotate({ secret, published: secret.trusted, names, now: NOW }, LIFETIMES);
    assert.ok(new X509Certificate(renewed.serving.cert).checkHost(names[0]!) !== undefined);
  });

  it('is always trusted while the authority is replaced', async () => {
    let secret = await next(undefined, undefined, NOW);
    let published = secret.trusted;
    const first = secret.signer.cert;
    const seen: number[] = [];
    for (let hours = 0; hours < 24 * 650; hours += 8) {
      const now = NOW + hours * 3_600_000;
      const was = secret;
      secret = await next(secret, published, now);
      assert.ok(isTrusted(secret, published), `after ${hours} hours`);
      assert.ok(new X509Certificate(secret.serving.cert).validToDate.getTime() > now);
      // Another replica may serve with what was there before.
      assert.ok(isTrusted(was, secret.trusted), `after ${hours} hours, before`);
      published = secret.trusted;
      seen.push(certificatesOf(published).length);
    }
    assert.notEqual(secret.signer.cert, first);
    assert.deepEqual([...new Set(seen)].sort(), [1, 2]);
    assert.equal(seen.at(-1), 1, 'the old one went');
  });

  it('waits for the new authority to be published', async () => {
    const secret = await next(undefined, undefined, NOW);
    const published = secret.trusted;
    const later = NOW + 201 * DAY;
    const fresh = await rotate(
      { secret, published, names: NAMES, now: NOW + 199 * DAY },
      { ...LIFETIMES, serving: 90 * DAY },
    );
    const replaced = await next(fresh, published, later);
    assert.equal(certificatesOf(replaced.trusted).length, 2);
    assert.equal(await next(replaced, published, later), replaced, 'not published yet');
    const signed = await next(replaced, replaced.trusted, later);
    assert.notEqual(signed.serving.cert, replaced.serving.cert);
  });

  it('comes anew when all has run out', async () => {
    const secret = await next(undefined, undefined, NOW);
    const after = await next(secret, secret.trusted, NOW + 400 * DAY);
    assert.notEqual(after.signer.cert, secret.signer.cert);
    assert.equal(certificatesOf(after.trusted).length, 1);
  });
});
