import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diff, NO_POLICIES, type Service, ServiceMap, type Snapshot } from '../src/index.ts';
import { endpoint, service } from './sample.ts';

const name = fc.stringMatching(/^[a-z]{1,3}$/);
const snapshot = (services: ServiceMap, revision = 1): Snapshot => ({
  revision,
  services,
  policies: NO_POLICIES,
});

test('behaves as a Map whatever is set and removed, and never changes an older version', () => {
  const changes = fc.dictionary(name, fc.option(fc.nat(9), { nil: undefined }), { maxKeys: 8 });
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 10 }), (rounds) => {
      const model = new Map<string, Service>();
      let map = ServiceMap.empty;
      for (const round of rounds) {
        const before = map;
        const expectedBefore = [...model.keys()].sort();
        const change = new Map<string, Service | undefined>();
        for (const [key, port] of Object.entries(round)) {
          const value = port === undefined ? undefined : service(key, endpoint('1', port + 1));
          change.set(key, value);
          if (value === undefined) model.delete(key);
          else model.set(key, value);
        }
        map = before.with(change);
        assert.deepEqual([...before].map((each) => each.name).sort(), expectedBefore);
        assert.equal(map.size, model.size);
        for (const [key, value] of model) assert.equal(map.get(key), value);
        assert.deepEqual(
          map.changedSince(before),
          new Set([...change.keys()].filter((key) => map.get(key) !== before.get(key))),
        );
      }
      assert.deepEqual(
        [...ServiceMap.from(model.values())].map((each) => each.name).sort(),
        [...map].map((each) => each.name).sort(),
      );
    }),
  );
});

test('a diff says what was added, updated and removed, and nothing of what was only read again', () => {
  const before = ServiceMap.from([
    service('same', endpoint('1', 1)),
    service('again', endpoint('1', 1, 5)),
    service('moved', endpoint('1', 1)),
    service('gone', endpoint('1', 1)),
  ]);
  const after = before.with(
    new Map<string, Service | undefined>([
      ['again', service('again', endpoint('1', 1, 9))],
      ['moved', service('moved', endpoint('1', 2))],
      ['gone', undefined],
      ['new', service('new')],
    ]),
  );
  const changes = diff(snapshot(before), snapshot(after)).map(
    ({ type, name }) => `${type} ${name}`,
  );
  assert.deepEqual(changes.sort(), ['added new', 'removed gone', 'updated moved']);
});

test('a change costs a small part of what copying the catalog would', () => {
  const services = Array.from({ length: 100_000 }, (_, i) => service(`service-${i}`));
  const map = ServiceMap.from(services);
  const whole = new Map(services.map((each) => [each.name, each]));
  const time = (work: (i: number) => void) => {
    const began = performance.now();
    for (let i = 0; i < 10; i++) work(i);
    return performance.now() - began;
  };
  const change = () =>
    time((i) => map.with(new Map([[`service-${i}`, undefined]])).changedSince(map));
  const copy = () => time(() => new Map(whole));
  const best = (measure: () => number) => Math.min(...[1, 2, 3, 4, 5].map(measure));
  const ratio = best(copy) / best(change);
  assert.ok(ratio > 10, `copying costs only ${ratio} times as much`);
});
