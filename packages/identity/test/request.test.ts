import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRequest, IdentityError } from '../src/index.ts';
import { readRequest } from '../src/x509/request.ts';

const pem = (body: Uint8Array) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(body).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

test('whatever is changed of a request, it is refused, or says what was signed', async () => {
  const { csr } = await createRequest(['orders.shop.internal']);
  const whole = Buffer.from(csr.replaceAll(/-----.*-----|\s/g, ''), 'base64');
  const said = async (body: Uint8Array) => {
    const { publicKey, dnsNames, uris } = await readRequest(pem(body));
    return { key: publicKey.toString('base64'), dnsNames, uris };
  };
  const signed = await said(whole);
  assert.deepEqual([signed.dnsNames, signed.uris], [['orders.shop.internal'], []]);
  const change = fc.record({
    at: fc.nat(whole.length - 1),
    byte: fc.integer({ min: 1, max: 255 }),
    cut: fc.option(fc.nat(whole.length - 1), { freq: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let body = Buffer.from(whole);
      for (const { at, byte, cut } of changes) {
        if (at < body.length) body[at]! ^= byte;
        if (cut !== null) body = body.subarray(0, cut);
      }
      // Encodings that mean the same are read as the same.
      try {
        assert.deepEqual(await said(body), signed);
      } catch (error) {
        assert.ok(error instanceof IdentityError && error.code === 'NOT_VALID', String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});
