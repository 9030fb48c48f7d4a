import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { RateLimit } from '../../src/api/rate-limit.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { instance } from '../instance.ts';
import { type ApiPlane, callAt, startApiPlane, startReplicaOf } from './plane.ts';

const silent = { debug() {}, info() {}, warn() {} };

/** The events of a stream, one after the other. */
async function* eventsOf(response: Response) {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const match = /^(?:id: (.+)\n)?event: (.+)\ndata: (.+)$/.exec(part);
      if (match) yield { id: match[1], event: match[2], data: JSON.parse(match[3]!) };
    }
  }
}

describe('events', () => {
  let api: ApiPlane;
  const stop = new AbortController();
  const open = async (path: string, headers: Record<string, string> = {}) => {
    const url = `${api.plane.api}/api/v1${path}`;
    const response = await fetch(url, { headers, signal: stop.signal });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const events = eventsOf(response);
    return async () => {
      const { value } = await events.next();
      return value!;
    };
  };
  let port = 1000;
  const register = (service: string) =>
    api.zk.create(`/discovery/${service}/i${++port}`, instance(service, `i${port}`, port), {
      parents: true,
    });

  before(async () => {
    api = await startApiPlane({}, async (zk) => {
      await zk.create('/discovery');
    });
    await register('first');
  });
  after(async () => {
    stop.abort();
    await api?.[Symbol.asyncDispose]();
  });

  test('what changes is told, and gone on with after the last that was seen', async () => {
    const next = await open('/events?kinds=service');
    assert.equal((await next()).event, 'ready');
    await register('shop');
    const seen = [await next()];
    while (seen.at(-1)!.data.service !== 'shop') seen.push(await next());
    const { id, event, data } = seen.at(-1)!;
    assert.equal(event, 'service');
    assert.equal(data.change, 'added');
    assert.ok(data.revision > 0 && Date.parse(data.at) > 0);
    await register('cart');
    await next();
    // As if the connection had broken after the first.
    const again = await open('/events?kinds=service', { 'last-event-id': id! });
    assert.deepEqual([(await again()).event, id], ['ready', id]);
    const missed = await again();
    assert.deepEqual([missed.event, missed.data.service], ['service', 'cart']);
    assert.notEqual(missed.id, id);
  });

  test('who comes from elsewhere, or from too long ago, is told to begin anew', async () => {
    for (const id of ['00000000-3', 'nonsense', '1']) {
      const next = await open('/events?kinds=service', { 'last-event-id': id });
      const { event, id: now } = await next();
      assert.equal(event, 'reset', id);
      await register(`after-${port}`);
      const { event: then, id: later } = await next();
      assert.equal(then, 'service');
      assert.notEqual(now, later);
    }
  });

  test('a service, its endpoints and the list are watched', async () => {
    await register('watched');
    await until(async () => (await api.call('/api/v1/services/watched')).status === 200);
    const nextEndpoints = await open('/services/watched/endpoints?watch');
    const nextList = await open('/services?watch=true');
    assert.equal((await nextEndpoints()).data.endpoints.length, 1);
    assert.equal((await nextList()).event, 'state');
    const path = await register('watched');
    const { event, data } = await nextEndpoints();
    assert.deepEqual([event, data.endpoints.length], ['state', 2]);
    const { data: list } = await nextList();
    const found = list.services.find(({ name }: { name: string }) => name === 'watched');
    assert.equal(found.endpoints, 2);
    await api.zk.delete(path.path);
    assert.equal((await nextEndpoints()).data.endpoints.length, 1);
  });

  test('configuration, locks and registrations are told, and no keep-alive', async () => {
    const [configuration, locks] = [
      await open('/events?kinds=configuration'),
      await open('/events?kinds=locks'),
    ];
    for (const next of [configuration, locks]) assert.equal((await next()).event, 'ready');
    const send = async (method: string, path: string, body: unknown) => {
      const type = body === undefined ? undefined : { 'content-type': 'application/json' };
      const headers = { ...type, 'if-match': '*' };
      const init = { method, headers, ...(type && { body: JSON.stringify(body) }) };
      const { status, text } = await api.call(`/api/v1${path}`, init);
      assert.ok(status < 300, text);
    };
    const told = async (next: typeof locks) => {
      const { event, data } = await next();
      assert.ok(Date.parse(data.at) > 0);
      const { at: _, ...rest } = data;
      return [event, rest];
    };
    await send('PATCH', '/config/shop/default/draft', { set: { key: 'hidden' } });
    await send('POST', '/config/shop/default/publish', {});
    const added = { application: 'shop', namespace: 'default', change: 'added' };
    assert.deepEqual(await told(configuration), ['configuration', added]);
    const held = { kind: 'lock', name: 'nightly', holder: 'me' };
    await send('POST', '/locks/nightly', { holder: 'me', ttl: '1m' });
    const acquired = await told(locks);
    assert.deepEqual(acquired, ['locks', { ...held, state: 'held' }]);
    await send('PUT', '/locks/nightly/me', undefined);
    await send('PUT', '/services/web/endpoints/web-1', { address: '10.0.0.1', port: 80 });
    const [, registered] = await told(locks);
    assert.deepEqual([registered.kind, registered.state], ['registration', 'held']);
    await send('DELETE', '/locks/nightly/me', undefined);
    assert.deepEqual(await told(locks), ['locks', { ...held, state: 'ended' }]);
  });

  test('what another replica has told is gone on with by a reset', async () => {
    await using other = await startReplicaOf(api.server.connect);
    const next = await open('/events?kinds=service');
    const { id } = await next();
    const headers = { 'last-event-id': id! };
    const response = await fetch(`${other.api}/api/v1/events`, { headers, signal: stop.signal });
    const events = eventsOf(response);
    assert.equal((await events.next()).value?.event, 'reset');
  });

  test('kinds that there are not are refused', async () => {
    const { status } = await api.call('/api/v1/events?kinds=service,weather');
    assert.equal(status, 400);
  });
});

test('what a replica had told is gone on with after its restart, as far as it is recorded', async () => {
  await using folder = await tempDir();
  await using server = await startZooKeeperServer({ port: 0 });
  await using zk = await connect({ connect: server.connect });
  const register = (service: string) =>
    zk.create(`/discovery/${service}/i`, instance(service, 'i', 1001), { parents: true });
  const listen = '127.0.0.1:0';
  const open = async (dataDir: string) => {
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: { api: { listen }, xds: { listen }, dns: { listen }, dataDir },
        protection: { limbo: '1ms', maxHold: '1ms', lastInstance: false },
      },
    });
    const plane = await startControlPlane({ config, logger: silent });
    await plane.ready;
    return plane;
  };
  const follow = async function* (plane: ControlPlane, id?: string, kinds = '?kinds=service') {
    const stop = new AbortController();
    const headers = id === undefined ? undefined : { 'last-event-id': id };
    const init = { signal: stop.signal, ...(headers && { headers }) };
    const response = await fetch(`${plane.api}/api/v1/events${kinds}`, init);
    try {
      yield* eventsOf(response);
    } finally {
      stop.abort();
    }
  };
  /** What is told up to `ready`, or `reset` of all. */
  const missed = async (plane: ControlPlane, id: string, kinds?: string) => {
    const told = [];
    for await (const { event, data, id: now } of follow(plane, id, kinds)) {
      told.push(data.service === undefined ? event : `${data.change} ${data.service}`);
      if (event === 'ready' || (event === 'reset' && data.kinds === undefined))
        return { told, now };
    }
    assert.fail('it has ended');
  };
  await register('stays');
  await register('goes');
  let id = '';
  {
    await using plane = await open(`${folder.path}/data`);
    for await (const { event, data, id: now = '' } of follow(plane)) {
      if (event === 'ready') await register('seen');
      id = now;
      if (data.service === 'seen') break;
    }
    await register('unseen');
    await until(async () => (await callAt(plane.api, '/api/v1/services/unseen')).status === 200);
  }
  await zk.delete('/discovery/goes/i');
  await register('meanwhile');
  await using plane = await open(`${folder.path}/data`);
  const at = (path: string) => callAt(plane.api, `/api/v1/services/${path}`);
  await until(async () => (await at('meanwhile')).status === 200);
  await until(async () => (await at('goes')).status === 404);
  const { told, now } = await missed(plane, id);
  assert.deepEqual(told.toSorted(), ['added meanwhile', 'added unseen', 'ready', 'removed goes']);
  assert.equal(told.at(-1), 'ready');
  assert.deepEqual((await missed(plane, now!)).told, ['ready'], 'nothing has changed since');
  // What others were told of is not recorded.
  const all = await missed(plane, id, '');
  assert.equal(all.told[0], 'reset');
  assert.deepEqual(all.told.slice(1).toSorted(), told.toSorted());
  // A revision that was told and not written any more, and a replica that has no such files.
  const [run, number] = id.split('-');
  assert.deepEqual((await missed(plane, `${run}-${number}-999999`)).told, ['reset']);
  await using other = await open(`${folder.path}/other`);
  assert.deepEqual((await missed(other, id)).told, ['reset']);
});

test('a reader that is too slow is told that it has missed something', async () => {
  const bus = new EventBus('0badcafe', () => 0);
  const stop = new AbortController();
  const reader = bus.follow(0, stop.signal);
  for (let i = 0; i < 20_000; i++) bus.publish('service', {});
  assert.equal((await reader.next()).value, undefined);
  bus.publish('policies', { revision: 3 });
  const { value } = await reader.next();
  assert.deepEqual(
    value?.map(({ kind }) => kind),
    ['policies'],
  );
  assert.equal(bus.since(bus.last + 1), undefined, 'a number of the future');
  const waiting = reader.next();
  stop.abort();
  assert.equal((await waiting).done, true);
});

test('a client may ask so much on average, and a burst', () => {
  const limit = new RateLimit({ requestsPerSecond: 10, burst: 3 });
  const ask = (now: number, client = 'a') => limit.take(client, now) === 0;
  assert.deepEqual([ask(0), ask(0), ask(0), ask(0)], [true, true, true, false]);
  assert.ok(ask(0, 'b'), 'others are not concerned');
  assert.ok(!ask(50) && ask(150) && !ask(160));
  assert.equal(limit.take('a', 161), 1);
  for (let i = 0; i < 20_000; i++) limit.take(`c${i}`, 200);
  assert.ok(ask(200, 'c19999') && ask(200, 'c0'));
});
