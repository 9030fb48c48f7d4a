import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Packing, type PresentSlice, pack } from '../../src/sync/pack.ts';
import type { WeighedEndpoint } from '../../src/sync/slice.ts';

const MOST = 5;

function endpoint(n: number, ready = true): WeighedEndpoint {
  const address = `10.0.${n >> 8}.${n & 255}`;
  return { endpoint: { addresses: [address], conditions: { ready } }, weight: 100 };
}

function wanted(endpoints: readonly WeighedEndpoint[]) {
  return new Map(endpoints.map((each) => [each.endpoint.addresses[0]!, each]));
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => endpoint(from + i));

/** What is there when it was written. */
function written(present: readonly PresentSlice[], packing: Packing): PresentSlice[] {
  const gone = new Set(packing.delete);
  const updated = new Map(packing.update.map((slice) => [slice.name, slice]));
  let next = present.length;
  const taken = new Set(present.map(({ name }) => name));
  const name = () => {
    while (taken.has(`s${next}`)) next++;
    return `s${next++}`;
  };
  return [
    ...present
      .filter((slice) => !gone.has(slice.name))
      .map((slice) => updated.get(slice.name) ?? slice),
    ...packing.create.map((endpoints) => ({ name: name(), endpoints })),
  ];
}

function writes({ create, update, delete: gone }: Packing): number {
  return create.length + update.length + gone.length;
}

const held = (slices: readonly PresentSlice[]) =>
  slices.flatMap(({ endpoints }) =>
    endpoints.map((each) => [each.endpoint.addresses[0]!, each] as const),
  );

describe('packing', () => {
  it('fills new slices', () => {
    const { create, update } = pack([], wanted(range(0, 12)), MOST);
    assert.deepEqual(
      create.map(({ length }) => length),
      [5, 5, 2],
    );
    assert.deepEqual(update, []);
  });

  it('writes nothing for another order', () => {
    const present = [{ name: 'a', endpoints: range(0, 5).reverse() }];
    assert.equal(writes(pack(present, wanted(range(0, 5).reverse()), MOST)), 0);
  });

  it('puts one that came into the hole of the one that went: one write', () => {
    const present = [
      { name: 'a', endpoints: range(0, 5) },
      { name: 'b', endpoints: range(5, 9) },
    ];
    const packing = pack(present, wanted([...range(1, 9), endpoint(40)]), MOST);
    assert.deepEqual([packing.update.map(({ name }) => name), writes(packing)], [['a'], 1]);
  });

  it('adds to the fullest slice that has room for all', () => {
    const present = [
      { name: 'a', endpoints: range(0, 3) },
      { name: 'b', endpoints: range(5, 9) },
    ];
    const one = pack(present, wanted([...range(0, 3), ...range(5, 9), endpoint(40)]), MOST);
    assert.deepEqual([one.update.map(({ name }) => name), writes(one)], [['b'], 1]);
    // No slice has room for three: a new one is one write, spreading them would be two.
    const three = pack(present, wanted([...range(0, 3), ...range(5, 9), ...range(40, 43)]), MOST);
    assert.deepEqual([three.create.length, writes(three)], [1, 1]);
  });

  it('deletes the slice that is left empty', () => {
    const present = [
      { name: 'a', endpoints: range(0, 5) },
      { name: 'b', endpoints: range(5, 10) },
    ];
    const packing = pack(present, wanted(range(0, 5)), MOST);
    assert.deepEqual([packing.delete, writes(packing)], [['b'], 1]);
  });

  it('merges two that are written anyway', () => {
    const present = [
      { name: 'a', endpoints: range(0, 3) },
      { name: 'b', endpoints: range(5, 8) },
      { name: 'c', endpoints: range(10, 15) },
    ];
    const left = [...range(1, 3), ...range(5, 7), ...range(10, 15)];
    const packing = pack(present, wanted(left), MOST);
    assert.equal(writes(packing), 2);
    assert.equal(packing.delete.length, 1);
    assert.deepEqual(written(present, packing).length, 2);
  });

  it('leaves sparse slices alone as long as nothing of them is written, or more than half are needed', () => {
    const present = [
      { name: 'a', endpoints: range(0, 2) },
      { name: 'b', endpoints: range(5, 7) },
    ];
    assert.equal(writes(pack(present, wanted([...range(0, 2), ...range(5, 7)]), MOST)), 0);
    const full = [
      { name: 'a', endpoints: range(0, 5) },
      { name: 'b', endpoints: range(5, 7) },
      { name: 'c', endpoints: range(8, 10) },
    ];
    const changed = [...range(0, 5), ...range(5, 7), endpoint(8), endpoint(9, false)];
    assert.equal(writes(pack(full, wanted(changed), MOST)), 1);
  });

  it('takes a sparse slice into one that is written, at one write more', () => {
    const present = [
      { name: 'a', endpoints: range(0, 2) },
      { name: 'b', endpoints: range(5, 7) },
    ];
    const packing = pack(present, wanted([endpoint(0), endpoint(1, false), ...range(5, 7)]), MOST);
    assert.deepEqual(
      [packing.update.map(({ endpoints }) => endpoints.length), packing.delete],
      [[4], ['b']],
    );
  });

  it('takes a second endpoint of one address out, and what has two addresses', () => {
    const twice = { ...endpoint(1), endpoint: { addresses: ['10.0.0.1', '10.0.0.2'] } };
    const present = [
      { name: 'a', endpoints: [endpoint(0)] },
      { name: 'b', endpoints: [endpoint(0), twice] },
    ];
    const packing = pack(present, wanted([endpoint(0)]), MOST);
    assert.deepEqual([packing.update, packing.delete], [[], ['b']]);
  });

  it('holds after it was written exactly what is wanted, and then writes nothing', () => {
    const numbers = fc.uniqueArray(fc.nat(40), { maxLength: 30 });
    const states = fc.array(fc.tuple(numbers, fc.nat(40), fc.nat(40)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(states, (steps) => {
        let present: PresentSlice[] = [];
        for (const [ids, sick, heavy] of steps) {
          const want = wanted(
            ids.map((n) => ({ ...endpoint(n, n !== sick), weight: n === heavy ? 5 : 100 })),
          );
          const packing = pack(present, want, MOST);
          const updated = new Set(packing.update.map(({ name }) => name));
          assert.ok(packing.delete.every((name) => !updated.has(name)));
          present = written(present, packing);
          assert.ok(
            present.every(({ endpoints }) => endpoints.length > 0 && endpoints.length <= MOST),
          );
          assert.equal(held(present).length, want.size, 'none twice');
          assert.deepEqual(new Map(held(present)), want);
          assert.equal(writes(pack(present, want, MOST)), 0, 'and it stays');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes at most two writes for one change, whatever was there', () => {
    const slices = fc.array(fc.integer({ min: 1, max: MOST }), { maxLength: 8 });
    fc.assert(
      fc.property(
        slices,
        fc.nat(50),
        fc.constantFrom('add', 'remove', 'change'),
        (sizes, at, what) => {
          const present = sizes.map((size, i) => ({
            name: `s${i}`,
            endpoints: range(i * MOST, i * MOST + size),
          }));
          const want = new Map(held(present));
          const victim = held(present)[at % Math.max(1, want.size)];
          if (what === 'add' || victim === undefined) want.set('10.9.9.9', endpoint(0));
          else if (what === 'remove') want.delete(victim[0]);
          else want.set(victim[0], { ...victim[1], weight: 1 });
          assert.ok(writes(pack(present, want, MOST)) <= 2);
        },
      ),
      { numRuns: 300 },
    );
  });
});
