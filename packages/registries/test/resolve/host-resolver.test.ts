import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { setImmediate as settle } from 'node:timers/promises';
import { HostResolver } from '../../src/resolve/host-resolver.ts';

/** Lookups that the test answers. */
class Lookups {
  readonly asked: string[] = [];
  readonly #waiting = new Map<string, PromiseWithResolvers<string>>();

  readonly lookup = (host: string): Promise<string> => {
    this.asked.push(host);
    const answer = Promise.withResolvers<string>();
    this.#waiting.set(host, answer);
    return answer.promise;
  };

  async answer(host: string, address: string): Promise<void> {
    this.#waiting.get(host)!.resolve(address);
    await settle();
  }

  async fail(host: string, message: string): Promise<void> {
    this.#waiting.get(host)!.reject(new Error(message));
    await settle();
  }
}

describe('HostResolver', () => {
  let lookups: Lookups;
  let changed: string[];
  let now: number;
  let resolver: HostResolver;
  beforeEach(() => {
    lookups = new Lookups();
    changed = [];
    now = 0;
    resolver = new HostResolver({
      changed: (host) => changed.push(host),
      lookup: lookups.lookup,
      now: () => now,
      ttl: 30_000,
    });
  });

  test('an IP address is its own, and nobody is asked', () => {
    assert.equal(resolver.address('10.0.0.1'), '10.0.0.1');
    assert.equal(resolver.address('fd00::1'), 'fd00::1');
    assert.deepEqual(lookups.asked, []);
  });

  test('a name is looked up beside, once, and told when it is known', async () => {
    assert.equal(resolver.address('a'), undefined);
    assert.equal(resolver.address('a'), undefined);
    assert.equal(resolver.failure('a'), undefined);
    assert.deepEqual(lookups.asked, ['a']);
    await lookups.answer('a', '10.0.0.1');
    assert.deepEqual(changed, ['a']);
    assert.equal(resolver.address('a'), '10.0.0.1');
    assert.deepEqual(lookups.asked, ['a']);
  });

  test('two at once; one that hangs leaves the others a way', async () => {
    for (const host of ['slow', 'b', 'c', 'd']) resolver.address(host);
    assert.deepEqual(lookups.asked, ['slow', 'b']);
    await lookups.answer('b', '10.0.0.2');
    await lookups.fail('c', 'ENOTFOUND');
    await lookups.answer('d', '10.0.0.4');
    assert.deepEqual(lookups.asked, ['slow', 'b', 'c', 'd']);
    assert.deepEqual(changed, ['b', 'c', 'd']);
  });

  test('a failure says why, and stays while it is tried again', async () => {
    resolver.address('a');
    await lookups.fail('a', 'ENOTFOUND');
    assert.equal(resolver.failure('a'), "a can't be resolved: ENOTFOUND");
    assert.deepEqual(changed, ['a']);
    now = 10_001; // a third of the time that an address is good
    assert.equal(resolver.address('a'), undefined);
    assert.equal(lookups.asked.length, 2);
    assert.match(resolver.failure('a')!, /ENOTFOUND/);
    await lookups.fail('a', 'ENOTFOUND');
    assert.deepEqual(changed, ['a'], 'the same again is no news');
    now = 20_003;
    resolver.address('a');
    await lookups.answer('a', '10.0.0.1');
    assert.deepEqual(changed, ['a', 'a']);
    assert.equal(resolver.failure('a'), undefined);
  });

  test('an address that worked stays, whatever a later lookup says, until another is found', async () => {
    resolver.address('a');
    await lookups.answer('a', '10.0.0.1');
    now = 30_000;
    resolver.refresh(new Set(['a']));
    assert.equal(lookups.asked.length, 1);
    now = 30_001;
    resolver.refresh(new Set(['a']));
    assert.equal(lookups.asked.length, 2);
    assert.equal(resolver.address('a'), '10.0.0.1');
    await lookups.fail('a', 'SERVFAIL');
    assert.equal(resolver.address('a'), '10.0.0.1');
    assert.equal(resolver.failure('a'), undefined);
    now = 60_002;
    resolver.refresh(new Set(['a']));
    await lookups.answer('a', '10.0.0.1');
    assert.deepEqual(changed, ['a'], 'the same again is no news');
    now = 90_003;
    resolver.refresh(new Set(['a']));
    await lookups.answer('a', '10.0.0.2');
    assert.deepEqual(changed, ['a', 'a']);
    assert.equal(resolver.address('a'), '10.0.0.2');
  });

  test('a name that nobody has any more is forgotten', async () => {
    resolver.address('a');
    await lookups.fail('a', 'ENOTFOUND');
    resolver.refresh(new Set());
    assert.equal(resolver.failure('a'), undefined);
    now = 1e9;
    resolver.refresh(new Set(['a']));
    assert.deepEqual(lookups.asked, ['a']);
  });

  test('paused, it begins no more lookups, and goes on when it is asked', async () => {
    for (const host of ['a', 'b', 'c']) resolver.address(host);
    resolver.pause();
    await lookups.answer('a', '10.0.0.1');
    assert.deepEqual(lookups.asked, ['a', 'b']);
    resolver.address('c');
    assert.deepEqual(lookups.asked, ['a', 'b', 'c']);
  });

  test('a lookup that throws at once is a failure', async () => {
    const throwing = new HostResolver({
      changed: (host) => changed.push(host),
      lookup: () => {
        throw new Error('no resolver');
      },
    });
    throwing.address('a');
    await settle();
    assert.match(throwing.failure('a')!, /no resolver/);
  });

  test('a lookup that never ends is given up after five seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    resolver.address('a');
    t.mock.timers.tick(5_000);
    await settle();
    assert.match(resolver.failure('a')!, /no answer in 5000 ms/);
  });

  test("the system's lookup is the default", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const real = new HostResolver({ changed: resolve });
    real.address('localhost');
    assert.equal(await promise, 'localhost');
    assert.match(real.address('localhost')!, /^(127\.0\.0\.1|::1)$/);
  });
});
