import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Xoshiro128 } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { Answerer } from '../src/server/answerer.ts';
import { Places } from '../src/server/places.ts';
import { Catalog, endpoint, service, ZONE } from './fixture.ts';
import { decode, edns, question } from './wire.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 2_000_000 : 20_000;
const CACHE = 8;

const answerer = new Answerer({
  ...{
    zones: [ZONE],
    places: new Places([]),
    clientSubnet: true,
    forwards: false,
    cacheSize: CACHE,
  },
  random: new Xoshiro128(1),
});
const endpoints = Array.from({ length: 300 }, (_, i) =>
  endpoint(`${i}`, `10.0.${i % 7}.${i % 250}`),
);
answerer.update(
  ...new Catalog().put(service('orders', ...endpoints), service('a.b', endpoints[0]!)),
);

/** Whatever comes: an answer to it that can be read and is not longer than it may be, or none. */
function check(message: Buffer): void {
  for (const transport of ['udp', 'tcp'] as const) {
    const before = Buffer.from(message);
    const outcome = answerer.answer(message, '127.0.0.1', transport);
    assert.deepEqual(message, before, 'what is received is not written to');
    assert.notEqual(outcome.type, 'forwarded');
    if (outcome.type !== 'answered') continue;
    const { bytes } = outcome;
    assert(bytes.length <= (transport === 'udp' ? 1232 : 65_535));
    assert.equal(bytes.readUInt16BE(0), message.readUInt16BE(0));
    assert((bytes[2]! & 0x80) !== 0);
    decode(bytes);
  }
}

test('random bytes harm nobody', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => check(Buffer.from(bytes))),
    { numRuns: RUNS },
  );
});

const names = fc.constantFrom(
  'orders.mesh',
  'leader.orders.mesh',
  '_orders._tcp.mesh',
  'b.mesh',
  'mesh',
  '1.0.0.10.in-addr.arpa',
  'x.example',
);
const types = fc.constantFrom('A', 'AAAA', 'SRV', 'SOA', 'PTR', 'ANY', 'AXFR', 'TXT');

test('questions with some bytes changed, left out or added harm nobody', () => {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('set', 'cut', 'add'));
  fc.assert(
    fc.property(
      names,
      types,
      fc.nat({ max: 9000 }),
      fc.array(change, { maxLength: 6 }),
      (name, type, size, changes) => {
        let message = question(name, type, size > 0 ? { additionals: edns(size) } : {});
        for (const [where, byte, what] of changes) {
          const at = where % message.length;
          const head = message.subarray(0, at);
          if (what === 'set') message[at] = byte;
          else if (what === 'cut') message = Buffer.concat([head, message.subarray(at + 1)]);
          else message = Buffer.concat([head, Buffer.from([byte]), message.subarray(at)]);
          if (message.length === 0) return;
        }
        check(message);
      },
    ),
    { numRuns: RUNS },
  );
});
