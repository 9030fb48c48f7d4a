import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Any, VirtualHost } from '../../src/codec/messages.ts';
import { brief, type DeltaStream, Harness, only, type Sent } from './harness.ts';

/** A store with routes, and a stream that has them and asks for virtual hosts as Envoy does. */
function served(...routes: string[]) {
  const harness = new Harness();
  for (const each of routes) harness.set('route', { [each]: 1 });
  harness.set('virtualHost', { 'outbound/a': 1, 'outbound/b': 2, 'gateway/a': 1 });
  const stream = harness.delta();
  stream.subscribe('route', ...routes);
  for (const sent of stream.pull()) stream.ack(sent);
  stream.request('virtualHost');
  return { harness, stream };
}

/** The next response of virtual hosts, accepted. */
function next(stream: DeltaStream): string {
  const sent = only(stream.pull());
  stream.ack(sent);
  return brief([sent]).join();
}

describe('virtual hosts', () => {
  test('all of the routes that are subscribed to, and of a change that one', () => {
    const { harness, stream } = served('outbound');
    assert.equal(next(stream), 'virtualHost: outbound/a outbound/b');
    harness.set('virtualHost', { 'outbound/b': 3, 'gateway/a': 2 });
    assert.equal(next(stream), 'virtualHost: outbound/b');
    assert.deepEqual(stream.pull(), []);
    assert.equal(stream.inner.appliedRevision, harness.revision, 'the others are no concern of it');
  });

  test('streams that ask for all share the bytes', () => {
    const { harness, stream } = served('outbound');
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`outbound/${i}`, i + 9]),
    );
    harness.set('virtualHost', many);
    const other = harness.delta();
    other.subscribe('route', 'outbound');
    for (const sent of other.pull()) other.ack(sent);
    other.request('virtualHost');
    const bytes = () => stream.inner.next(0)?.bytes;
    assert.equal(bytes(), other.inner.next(0)?.bytes);
  });

  test('routes that come later: their hosts are sent after them, once more when they change', () => {
    const { harness, stream } = served('outbound', 'gateway');
    stream.unsubscribe('route', 'gateway');
    assert.equal(next(stream), 'virtualHost: outbound/a outbound/b');
    stream.subscribe('route', 'gateway');
    assert.deepEqual(brief(stream.pull()), ['route: gateway', 'virtualHost: gateway/a']);
    const later = served('outbound', 'gateway');
    for (const sent of later.stream.pull()) later.stream.ack(sent);
    later.harness.set('route', { outbound: 2 });
    assert.deepEqual(brief(later.stream.pull()), [
      'route: outbound',
      'virtualHost: outbound/a outbound/b',
    ]);
    assert.ok(harness.revision > 0);
  });

  test('routes that are gone, or not subscribed to any more: nothing is said of their hosts', () => {
    const { harness, stream } = served('outbound', 'gateway');
    assert.equal(next(stream), 'virtualHost: gateway/a outbound/a outbound/b');
    harness.set('virtualHost', { 'gateway/a': null });
    harness.set('route', { gateway: null });
    assert.equal(next(stream), 'route: -gateway', 'who drains has them to the end');
    stream.unsubscribe('route', 'outbound');
    harness.set('virtualHost', { 'outbound/a': 5 });
    assert.deepEqual(stream.pull(), []);
    assert.equal(stream.inner.appliedRevision, harness.revision);
    const left = stream.inner.resources().filter(({ typeUrl }) => typeUrl.endsWith('VirtualHost'));
    assert.deepEqual(left, []);
  });

  test('what comes and what goes is in one response, which is before clusters go', () => {
    const { harness, stream } = served('outbound');
    next(stream);
    harness.set('cluster', { a: 1 });
    stream.request('cluster');
    assert.equal(next(stream), 'cluster: a');
    harness.set('cluster', { a: null, c: 1 });
    harness.set('virtualHost', { 'outbound/a': null, 'outbound/c': 1 });
    assert.equal(next(stream), 'cluster: c', 'before anything refers to it');
    const hosts = only(stream.pull());
    assert.deepEqual(brief([hosts]), ['virtualHost: outbound/c -outbound/a']);
    assert.deepEqual(stream.pull(), [], 'the cluster is referred to until that is accepted');
    stream.ack(hosts);
    assert.equal(next(stream), 'cluster: -a');
  });

  test('after a reconnection only what differs, and of other routes nothing', () => {
    const { harness } = served('outbound', 'gateway');
    const version = (name: string) => harness.sets.virtualHost.get(name)?.version ?? '';
    const routes = harness.sets.route.get('outbound')?.version ?? '';
    const stream = harness.delta();
    stream.request('route', {
      resourceNamesSubscribe: ['outbound'],
      initialResourceVersions: { outbound: routes },
    });
    const has = {
      ...{ 'outbound/a': version('outbound/a'), 'outbound/b': 'old', 'outbound/gone': 'old' },
      ...{ 'gateway/a': version('gateway/a'), 'gateway/gone': 'old' },
    };
    stream.request('virtualHost', { initialResourceVersions: has });
    assert.equal(next(stream), 'virtualHost: outbound/b -outbound/gone');
    assert.deepEqual(stream.pull(), []);
  });

  test('one bad host costs only itself, and is not sent again until it changes', () => {
    const { harness, stream } = served('outbound');
    next(stream);
    const hosts = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`outbound/${i}`, i + 9]),
    );
    harness.set('virtualHost', { ...hosts, 'outbound/17': -1 });
    const client = new Client();
    client.run(stream);
    assert.equal(client.hosts.size, 29);
    assert.ok(client.nacks <= 7, `${client.nacks} rejections for one of 30`);
    assert.equal(stream.inner.status()[1]?.state, 'rejected');
    assert.deepEqual(
      stream.inner.refused().map(({ name, certain }) => [name, certain]),
      [['outbound/17', true]],
    );
    const applied = stream.inner.appliedRevision ?? 0;
    assert.ok(applied < harness.revision);
    harness.set('virtualHost', { 'outbound/1': 500 });
    client.run(stream);
    assert.ok(client.nacks <= 7, 'the bad one is not sent again with the next');
    assert.equal(client.hosts.get('outbound/1'), 500);
    harness.set('virtualHost', { 'outbound/17': 1000 });
    client.run(stream);
    assert.equal(client.hosts.size, 30);
    assert.equal(stream.inner.appliedRevision, harness.revision);
  });

  test('what is asked for anew does not disturb the search', () => {
    const { harness, stream } = served('outbound');
    harness.set('virtualHost', { 'outbound/a': -1, 'outbound/c': 7 });
    stream.nack(only(stream.pull()));
    assert.deepEqual(brief(stream.pull()), ['virtualHost: outbound/a']);
    stream.subscribe('route', 'outbound');
    assert.deepEqual(brief(stream.pull()), ['route: outbound'], 'one is judged at a time');
  });

  test('a client ends up with all that is good, whatever happens in between', () => {
    const content = fc.oneof(fc.integer({ min: -1, max: 4 }), fc.constant(null));
    const hosts = ['a', 'b', 'c', 'd', 'e'].map((name) => `outbound/${name}`);
    const change = fc.dictionary(fc.constantFrom(...hosts), content, { minKeys: 1 });
    const step = fc.record({ change, answers: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { harness, stream } = served('outbound');
        const client = new Client();
        for (const { change: each, answers } of steps) {
          harness.set('virtualHost', unique(harness, each));
          client.run(stream, answers);
        }
        client.run(stream);
        const good = new Map<string, number>();
        for (const { name, any } of harness.sets.virtualHost.list)
          if (name.startsWith('outbound/') && contentOf(any) >= 0) good.set(name, contentOf(any));
        // Of a bad one it keeps the last good version, and what that has others can't have.
        for (const name of client.hosts.keys())
          assert.ok(harness.sets.virtualHost.get(name) !== undefined, name);
        const taken = new Set(client.hosts.values());
        for (const [name, value] of good)
          assert.ok(client.hosts.get(name) === value || taken.has(value), name);
        const isBad = harness.sets.virtualHost.list.some(({ any }) => contentOf(any) < 0);
        if (!isBad) assert.equal(client.hosts.size, good.size);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Changes, but for those that would give two hosts one content: Envoy's resources are not made so. */
function unique(harness: Harness, change: Record<string, number | null>) {
  const now = new Map<string, number>();
  for (const { name, any } of harness.sets.virtualHost.list)
    if (name.startsWith('outbound/')) now.set(name, contentOf(any));
  const made: Record<string, number | null> = {};
  for (const [name, value] of Object.entries(change)) {
    if (value !== null && value >= 0 && [...now.values()].includes(value)) continue;
    made[name] = value;
    if (value === null) now.delete(name);
    else now.set(name, value);
  }
  return made;
}

function contentOf(any: Buffer): number {
  const { domains } = VirtualHost.decode(Any.decode(any).value ?? new Uint8Array());
  return Number(domains[0]);
}

/** Envoy, as far as virtual hosts go: all of a response or nothing of it. */
class Client {
  hosts = new Map<string, number>();
  nacks = 0;
  /** Answers what is sent, so many responses at most. */
  run(stream: DeltaStream, most = 1000): void {
    for (let i = 0; i < most; i++) {
      const sent = stream.pull();
      if (sent.length === 0) return;
      for (const each of sent) this.#take(stream, each);
    }
  }

  #take(stream: DeltaStream, sent: Sent): void {
    const after = new Map(this.hosts);
    for (const name of sent.removed) after.delete(name);
    for (const { value } of sent.resources) {
      const { name, domains } = VirtualHost.decode(value ?? new Uint8Array());
      after.set(name, Number(domains[0]));
    }
    const contents = [...after.values()];
    if (contents.some((each) => each < 0) || new Set(contents).size < contents.length) {
      this.nacks++;
      stream.nack(sent);
    } else {
      this.hosts = after;
      stream.ack(sent);
    }
  }
}
