import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegistrySource, Service, SourceChange } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import { PluginSource } from '../../src/plugins/plugin-source.ts';
import { onPlatform } from './memory.ts';

/** A source that says what it is told to. */
class Spoken implements RegistrySource, AsyncDisposable {
  readonly name = 'spoken';
  readonly state = { type: 'live' } as const;
  readonly problems = new Map();
  readonly #waiting: SourceChange[] = [];
  #wake = () => {};

  say(change: SourceChange): void {
    this.#waiting.push(change);
    this.#wake();
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      yield* this.#waiting.splice(0);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      if (this.#waiting.length === 0 && !signal.aborted) await promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** What it has said as the catalog takes it, with the addresses that names have by `lookups`. */
function follow(source: Spoken, lookup: (host: string) => Promise<string>) {
  const stop = new AbortController();
  const plugin = new PluginSource({
    ...{ name: 'p', prefix: 'x/', locality: undefined, now: Date.now, lookup },
    logger: { debug() {}, info() {}, warn() {} },
    policies: { follow: async () => {} },
    open: async () => source,
  });
  const told: SourceChange[] = [];
  const services = new Map<string, Service>();
  const following = (async () => {
    for await (const change of plugin.changes(stop.signal)) {
      told.push(change);
      if (change.type === 'remove') services.delete(change.name);
      else
        for (const each of change.type === 'reset' ? change.services : [change.service])
          services.set(each.name, each);
    }
  })();
  const places = (name: string) =>
    services.get(name)?.endpoints.map(({ address, hostname }) => `${hostname ?? '-'} ${address}`);
  const close = async () => {
    stop.abort();
    await following;
  };
  return { plugin, told, places, services, [Symbol.asyncDispose]: close };
}

const at = (name: string, ...hosts: string[]): Service => ({
  ...{ name, protocol: 'http' },
  endpoints: hosts.map((host) => onPlatform(`${host}:80`)),
});

test('endpoints at host names are where those are; one that nobody knows is reported', async () => {
  const answers = new Map([['db.example', Promise.withResolvers<string>()]]);
  const source = new Spoken();
  await using followed = follow(source, async (host) => {
    const answer = answers.get(host);
    if (answer === undefined) throw new Error('ENOTFOUND');
    return answer.promise;
  });
  source.say({
    type: 'reset',
    services: [at('db', 'db.example', '10.0.0.1'), at('off', 'no.example', 'a b')],
  });
  answers.get('db.example')?.resolve('10.0.0.9');
  await until(() => followed.told.length > 0);
  // What is known soon is in the first that is said.
  assert.equal(followed.told[0]?.type, 'reset');
  assert.deepEqual(followed.places('x/db'), ['- 10.0.0.1', 'db.example 10.0.0.9']);
  assert.deepEqual(followed.places('x/off'), []);
  assert.deepEqual(
    [...followed.plugin.problems.values()].map(({ message }) => message),
    [
      "no.example can't be resolved: ENOTFOUND",
      'a b:80 has the address "a b", which is neither an IP address nor a host name',
    ],
  );

  // What comes later holds up nobody, and is told when it is known.
  answers.set('late.example', Promise.withResolvers());
  source.say({ type: 'upsert', service: at('late', 'late.example', '10.0.0.2') });
  await until(() => followed.places('x/late')?.length === 1);
  answers.get('late.example')?.resolve('10.0.0.8');
  await until(() => followed.places('x/late')?.length === 2);
  assert.deepEqual(followed.places('x/late'), ['- 10.0.0.2', 'late.example 10.0.0.8']);
  source.say({ type: 'remove', name: 'off' });
  await until(() => !followed.services.has('x/off'));
  assert.equal(followed.plugin.problems.size, 0);
});

test('host names by which callers know a service are taken where they can be', async () => {
  const source = new Spoken();
  await using followed = follow(source, async () => '10.0.0.1');
  const hosts = ['Web.Shop.svc', '*.example', 'x.mesh'];
  source.say({ type: 'reset', services: [{ ...at('web', '10.0.0.1'), hosts }] });
  await until(() => followed.services.has('x/web'));
  assert.deepEqual(followed.services.get('x/web')?.hosts, ['web.shop.svc']);
  const [problem] = followed.plugin.problems.values();
  assert.equal(problem?.code, 'not-applied');
  assert.match(problem?.message ?? '', /"\*\.example", which .*; "x\.mesh", which ends in \.mesh/);
});

test('an endpoint with a port or a weight that there is not is left out and reported', async () => {
  const source = new Spoken();
  await using followed = follow(source, async (host) => host);
  const [fine] = at('api', '10.0.0.1').endpoints;
  assert.ok(fine);
  const odd = [0, 70_000, 1.5].map((port) => ({ ...fine, port, id: `port-${port}` }));
  const light = [Number.NaN, -1].map((weight) => ({ ...fine, weight, id: `weight-${weight}` }));
  for (const bad of [...odd, ...light]) {
    const endpoints = [{ ...bad, address: '10.0.0.2' }, fine];
    source.say({ type: 'reset', services: [{ ...at('api'), endpoints }] });
    await until(() => followed.plugin.problems.size === 1);
    const [problem] = followed.plugin.problems.values();
    assert.equal(problem?.code, 'malformed');
    assert.match(problem.message, new RegExp(`^${bad.id} has the (port|weight) `));
    assert.deepEqual(followed.places('x/api'), ['- 10.0.0.1']);
    source.say({ type: 'reset', services: [at('api', '10.0.0.1')] });
    await until(() => followed.plugin.problems.size === 0);
  }
});
