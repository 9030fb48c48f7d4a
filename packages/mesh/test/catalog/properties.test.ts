import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Catalog, type Overlay, type Service, type SourceChange } from '../../src/index.ts';
import { endpoint } from '../sample.ts';
import { OneService, QUICK } from './fixture.ts';
import { Truth } from './truth.ts';

const SOURCES = [
  { name: 'r', priority: 0 },
  { name: 's', priority: 1 },
];
const SERVICES = ['a', 'b'];

const source = fc.nat(SOURCES.length - 1);
const name = fc.constantFrom(...SERVICES);
const id = fc.constantFrom('1', '2', '3', '4', '5');
const departure = fc.constantFrom('deregistered' as const, 'session-ended', 'unknown');
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('register' as const),
      ...{ source, name, id },
      port: fc.integer({ min: 1, max: 6 }),
      stated: fc.record({
        weight: fc.constantFrom(100, 7),
        health: fc.constantFrom('unknown' as const, 'unknown', 'draining'),
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('leave' as const),
      ...{ source, name, id, departure },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('remove' as const), ...{ source, name } }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const step = fc.oneof(
  { weight: 12, arbitrary: event },
  // A source is cut off, things happen, and it is read anew.
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('gap' as const), source, unseen: fc.array(event) }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('wait' as const), time: fc.nat(3_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('restart' as const),
      restored: fc.boolean(),
      order: fc.constantFrom([0, 1], [1, 0]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('overlay' as const),
      ...{ name, id },
      overlay: fc.constantFrom({ drain: true }, { weight: 1 }, undefined),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('hold' as const), name, hold: fc.boolean() }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Sources, what they hold, and the catalog that reads them. */
class World {
  readonly truths = SOURCES.map((each) => new Truth(each.name));
  readonly overlays = new Map<string, { name: string; id: string; overlay: Overlay }>();
  readonly holds = new Set<string>();
  catalog = this.#fresh();
  now = 0;

  #fresh(): Catalog {
    const catalog = new Catalog(SOURCES, QUICK);
    for (const { name, id, overlay } of this.overlays?.values() ?? [])
      catalog.overlay(name, id, overlay);
    for (const held of this.holds ?? []) catalog.hold(held);
    return catalog;
  }

  /** What a catalog serves that has only just read everything. */
  freshRead(): Service[] {
    const catalog = this.#fresh();
    for (const truth of this.truths) catalog.apply(truth.name, truth.reset(), this.now);
    return listed(catalog.commit(this.now).snapshot.services);
  }

  happen(each: Event): SourceChange | undefined {
    const truth = this.truths[each.source]!;
    if ('stated' in each) return truth.register(each.name, each.id, each.port, each.stated);
    if ('departure' in each) return truth.leave(each.name, each.id, each.departure);
    return truth.remove(each.name);
  }

  play(each: Step): void {
    if (each.type === 'wait') this.wait(each.time);
    else if (each.type === 'restart') this.#restart(each.restored, each.order);
    else if (each.type === 'overlay') this.#overlay(each.name, each.id, each.overlay);
    else if (each.type === 'hold') this.#hold(each.name, each.hold);
    else {
      const truth = this.truths[each.source]!;
      if (each.type === 'gap')
        for (const unseen of each.unseen) this.happen({ ...unseen, source: each.source });
      const change = each.type === 'gap' ? truth.reset() : this.happen(each);
      if (change === undefined) return;
      this.catalog.apply(truth.name, change, this.now);
      this.#commit();
    }
  }

  #overlay(name: string, id: string, overlay: Overlay | undefined): void {
    if (overlay === undefined) this.overlays.delete(`${name} ${id}`);
    else this.overlays.set(`${name} ${id}`, { name, id, overlay });
    this.catalog.overlay(name, id, overlay);
    this.#commit();
  }

  #hold(name: string, hold: boolean): void {
    if (hold) this.holds.add(name);
    else this.holds.delete(name);
    if (hold) this.catalog.hold(name);
    else this.catalog.release(name);
    this.#commit();
  }

  /** Time passes, and the catalog is asked when it wants to be. */
  wait(time: number): void {
    const end = this.now + time;
    while (this.catalog.deadline <= end) {
      assert.ok(this.catalog.deadline > this.now, 'a deadline that passed is done with');
      this.now = this.catalog.deadline;
      this.#commit();
    }
    this.now = end;
    this.#commit();
  }

  #restart(restored: boolean, order: readonly number[]): void {
    const { services } = this.catalog.snapshot;
    this.catalog = this.#fresh();
    if (restored) this.catalog.restore({ services, sources: SOURCES.map((each) => each.name) });
    const before = restored ? services.size : 0;
    assert.equal(this.catalog.commit(this.now).snapshot.services.size, before);
    for (const at of order) {
      const truth = this.truths[at]!;
      if (!restored) assert.equal(this.catalog.snapshot.services.size, 0, 'not all is read yet');
      this.catalog.apply(truth.name, truth.reset(), this.now);
      this.catalog.commit(this.now);
    }
    this.check();
  }

  #commit(): void {
    const before = this.catalog.snapshot;
    const { snapshot, changes } = this.catalog.commit(this.now);
    assert.equal(snapshot.revision - before.revision, changes.length > 0 ? 1 : 0);
    this.check();
  }

  /** What is true at any moment. */
  check(): void {
    const { snapshot } = this.catalog;
    for (const service of SERVICES) {
      const present = new Set(
        this.truths
          .flatMap((truth) => truth.services.filter((each) => each.name === service))
          .flatMap(({ endpoints }) => endpoints.map(({ port }) => port)),
      );
      const endpoints = snapshot.services.get(service)?.endpoints ?? [];
      const held = this.catalog.held(service);
      const ports = endpoints.map(({ port }) => port);
      const ids = endpoints.map((each) => each.id);
      assert.equal(new Set(ports).size, ports.length, 'an address is served once');
      assert.deepEqual(ids, [...new Set(ids)].sort(), 'ids are unique and sorted');
      for (const port of present) assert.ok(ports.includes(port), 'what is there is served');
      assert.deepEqual(
        endpoints.filter(({ port }) => !present.has(port)).map((each) => each.id),
        [...held.keys()].sort(),
        'what is not there is held',
      );
      for (const { reason, since, until } of held.values()) {
        assert.ok(until > this.now, 'a hold that is over is over');
        if (reason === 'operator') assert.ok(this.holds.has(service));
        else assert.ok(until <= since + QUICK.maxHold, 'staleness is bounded');
      }
    }
  }
}

function listed(services: Iterable<Service>): Service[] {
  return [...services].sort((a, b) => (a.name < b.name ? -1 : 1));
}

test('whatever happens in whatever order, quiet brings the catalog to a fresh read', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      for (const truth of world.truths) {
        assert.equal(world.catalog.snapshot.services.size, 0);
        world.catalog.apply(truth.name, truth.reset(), 0);
      }
      for (const each of steps) world.play(each);
      for (const service of world.holds) world.catalog.release(service);
      world.holds.clear();
      world.wait(QUICK.maxHold);
      world.wait(QUICK.overlayGrace);
      const { catalog } = world;
      assert.deepEqual(listed(catalog.snapshot.services), world.freshRead());
      assert.deepEqual([...catalog.allHeld()], []);
      assert.equal(catalog.alarms.size, 0);
      assert.equal(catalog.deadline, Number.POSITIVE_INFINITY);
    }),
    { numRuns: 1_000 },
  );
});

test('a mass drop never empties a service, nor takes more than its share', () => {
  const unexplained = fc.constantFrom('session-ended' as const, 'unknown' as const);
  const drop = fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      leaving: fc
        .shuffledSubarray(Array.from({ length: count }, (_, i) => String(i + 10)))
        .chain((order) =>
          fc.tuple(...order.map((each) => fc.tuple(fc.constant(each), fc.nat(20), unexplained))),
        ),
    }),
  );
  fc.assert(
    fc.property(drop, fc.boolean(), ({ count, leaving }, silently) => {
      const all = Array.from({ length: count }, (_, i) => endpoint(String(i + 10), i + 1));
      const a = new OneService(all);
      let now = 0;
      if (silently) a.reset(now, ...leaving.map(([each]) => each));
      else
        for (const [each, wait, how] of leaving) {
          now += wait;
          a.leave(now, how, each);
        }
      const { minimum, share } = QUICK.massDrop;
      const mayGo = Math.min(count - 1, Math.max(minimum - 1, Math.floor(share * count)));
      for (const time of [now, 500, QUICK.recovery, 5_000, QUICK.maxHold - 1])
        assert.ok(a.served(time).split(',').filter(Boolean).length >= count - mayGo);
      const left = new Set(leaving.map(([each]) => each));
      const stay = all.filter((each) => !left.has(each.id)).map((each) => each.id);
      assert.equal(a.served(now + QUICK.maxHold), stay.join(), 'and nothing is served for ever');
    }),
    { numRuns: 500 },
  );
});
