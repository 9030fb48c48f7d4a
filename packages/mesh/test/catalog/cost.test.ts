import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog, type Departure, type Service } from '../../src/index.ts';
import { endpoint, service } from '../sample.ts';
import { QUICK } from './fixture.ts';

const ENDPOINTS = 4;
/** How many services change: the same in each catalog, so that memory is as near. */
const CHANGING = 100;
const CHANGES = 2_000;
const ROUNDS = 5;

/** A catalog of many services, each tenth of which has lost its last instance. */
class Big {
  readonly #services: Service[];
  readonly #catalog = new Catalog([{ name: 'r', priority: 0 }], QUICK);
  #change = 0;

  constructor(count: number) {
    const all = (i: number) =>
      Array.from({ length: ENDPOINTS }, (_, at) => endpoint(String(at), at + 1, i + 1));
    this.#services = Array.from({ length: count }, (_, i) => service(`service-${i}`, ...all(i)));
    this.#catalog.apply('r', { type: 'reset', services: this.#services }, 0);
    this.#catalog.commit(0);
    const departed = new Map<string, Departure>();
    for (let i = 0; i < count; i += 10)
      this.#catalog.apply('r', { type: 'remove', name: `service-${i}`, departed }, 0);
    this.#catalog.commit(0);
    this.#catalog.commit(QUICK.absorb);
    assert.equal(this.#catalog.alarms.size, count / 10);
  }

  /** CPU time of a change, its commit and the look at the next deadline, in microseconds. */
  perChange(): number {
    const before = process.cpuUsage();
    for (let i = 0; i < CHANGES; i++) this.#next();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / CHANGES;
  }

  #next(): void {
    const at = (++this.#change % CHANGING) * 10 + 1; // not one that is held
    const now = QUICK.absorb;
    const changed = { ...endpoint('0', 1, 1_000_000 + this.#change), weight: this.#change % 90 };
    const [, ...others] = this.#services[at]!.endpoints;
    const fresh = service(`service-${at}`, changed, ...others);
    this.#services[at] = fresh;
    this.#catalog.apply('r', { type: 'upsert', service: fresh }, now);
    assert.equal(this.#catalog.commit(now).changes.length, 1);
    assert.equal(this.#catalog.deadline, QUICK.maxHold);
  }
}

test('a change costs the same whatever the size of the catalog', (t) => {
  const sizes = [1_000, 10_000, 100_000];
  const catalogs = sizes.map((size) => new Big(size));
  for (const each of catalogs) each.perChange(); // compiled
  // The sizes take turns, and the best of each counts: whatever else the machine does, does not.
  const best = sizes.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++)
    catalogs.forEach((each, i) => {
      best[i] = Math.min(best[i]!, each.perChange());
    });
  const shown = sizes.map((size, i) => `${size} services: ${best[i]!.toFixed(1)} µs`).join(', ');
  t.diagnostic(`CPU per change: ${shown}`);
  // A scan of all services or of all that are held would make it 100 times as much.
  assert.ok(best[2]! < 5 * best[0]!, shown);
});

test('a reset that changes nothing costs a look at each service', (t) => {
  const services = Array.from({ length: 10_000 }, (_, i) =>
    service(`service-${i}`, ...Array.from({ length: 20 }, (_, at) => endpoint(String(at), at + 1))),
  );
  const catalog = new Catalog([{ name: 'r', priority: 0 }], QUICK);
  const reset = () => {
    const before = process.cpuUsage();
    catalog.apply('r', { type: 'reset', services }, 0);
    catalog.commit(0);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const first = reset();
  const again = Math.min(...Array.from({ length: 5 }, reset));
  t.diagnostic(`CPU: first ${first} µs, again ${again} µs`);
  assert.ok(again * 3 < first, `first ${first} µs, again ${again} µs`);
});
