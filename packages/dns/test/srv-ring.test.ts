import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readQuery } from '../src/wire/query.ts';
import type { ResourceRecord } from '../src/wire/resource-record.ts';
import { ringResponse } from '../src/wire/response.ts';
import { SrvRing } from '../src/wire/srv-ring.ts';
import { decode, edns, question } from './wire.ts';

const NAME = '_orders._tcp.mesh';
const MANNER = { rcode: 'NOERROR', authoritative: true, recursion: false } as const;

function srv(target: string, port: number): ResourceRecord {
  return { type: 'SRV', name: NAME, ttl: 0, data: { priority: 0, weight: port, port, target } };
}

const answers = [
  srv('a.addr.orders.mesh', 1),
  srv('elsewhere.example', 2),
  srv('a-longer-name.addr.orders.mesh', 3),
  srv('c.addr.orders.mesh', 4),
];
const additional: ResourceRecord[] = [
  { type: 'A', name: 'a.addr.orders.mesh', ttl: 0, data: '10.0.0.1' },
  { type: 'AAAA', name: 'a-longer-name.addr.orders.mesh', ttl: 0, data: 'fd00::3' },
  { type: 'A', name: 'c.addr.orders.mesh', ttl: 0, data: '10.0.0.4' },
];

function reply(ring: SrvRing, first: number, limit = 1232): Buffer | undefined {
  const query = readQuery(question(NAME, 'SRV', { additionals: edns(1232) }));
  assert(query.type === 'query');
  return ringResponse(query, MANNER, ring, first, limit);
}

function withRing(): SrvRing {
  const ring = SrvRing.of(answers, additional, NAME);
  assert(ring !== undefined);
  return ring;
}

test('whoever is the first, all records are whole, and addresses have the names of targets', () => {
  const ring = withRing();
  for (let first = 0; first < answers.length; first++) {
    const message = decode(reply(ring, first)!);
    const order = [...answers.slice(first), ...answers.slice(0, first)];
    const data = (message.answers ?? []).map((each) => 'data' in each && each.data);
    assert.deepEqual(
      data,
      order.map((each) => each.data),
    );
    assert.ok(message.answers?.every(({ name }) => name === NAME));
    const addresses = (message.additionals ?? []).filter(({ type }) => type !== 'OPT');
    assert.deepEqual(
      new Map(addresses.map((each) => [each.name, 'data' in each && each.data])),
      new Map(additional.map((each) => [each.name, each.data])),
    );
    assert.equal(message.additionals?.at(-1)?.type, 'OPT');
  }
});

test('what does not fit, or is not only that, is no ring', () => {
  const size = reply(withRing(), 0)!.length;
  assert.ok(reply(withRing(), 1, size));
  assert.equal(reply(withRing(), 1, size - 1), undefined);
  assert.equal(SrvRing.of(answers.slice(1), additional, NAME), undefined, 'one address too many');
  assert.equal(SrvRing.of(answers, [...additional, additional[0]!], NAME), undefined);
  assert.equal(SrvRing.of(additional, [], NAME), undefined);
  assert.equal(SrvRing.of(answers, additional, 'other.mesh'), undefined);
  assert.equal(SrvRing.of([], [], NAME), undefined);
});

test('pointers reach no further than they can', () => {
  const many = Array.from({ length: 400 }, (_, i) => srv(`endpoint-${i}.addr.orders.mesh`, i + 1));
  const ring = SrvRing.of(many, [], NAME)!;
  assert.ok(ring.size > 0x4000);
  assert.equal(reply(ring, 0, 0xffff), undefined);
});
