import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaderLatch, listLock, Mutex } from '@meshkeeper/recipes';
import { until } from '@meshkeeper/testbed';
import { onReplicas, openRequest } from './stage.ts';

onReplicas('locks over HTTP', (on) => {
  const free = (name: string) =>
    until(async () => {
      const { holders, waiters } = await listLock(on.zk, `/meshkeeper/locks/${name}`);
      return holders.length + waiters.length === 0;
    });

  test('a lock is acquired, kept alive through any replica, and released', async () => {
    const made = await on.call('POST', '/locks/plain', { holder: 'a', ttl: '5s' });
    assert.equal(made.status, 201, made.text);
    const { expiresIn, ...lease } = made.body;
    assert.ok(expiresIn > 3_000 && expiresIn <= 5_000);
    const path = '/meshkeeper/locks/plain';
    assert.deepEqual(lease, {
      name: 'plain',
      path,
      holder: 'a',
      ttl: 5_000,
      fencing: lease.fencing,
    });
    assert.match(lease.fencing, /^0\.\d+$/);
    assert.equal(made.headers.get('etag'), `"${lease.fencing}"`);
    for (const at of [0, 1] as const) {
      const kept = await on.call('PUT', '/locks/plain/a', undefined, { at });
      assert.deepEqual([kept.status, kept.body.fencing], [200, lease.fencing]);
      const again = await on.call('POST', '/locks/plain', { holder: 'a' }, { at });
      assert.deepEqual([again.status, again.body.fencing], [201, lease.fencing]);
    }
    const held = await on.call('POST', '/locks/plain', { holder: 'b' }, { at: 1 });
    assert.deepEqual(
      [held.status, held.body.code, held.body.holders[0].holder],
      [409, 'held', 'a'],
    );
    assert.match(held.body.detail, /"plain" is held by "a" since /);
    const other = { headers: { 'if-match': '"0.1"' } };
    assert.equal((await on.call('PUT', '/locks/plain/a', undefined, other)).status, 404);
    assert.equal((await on.call('DELETE', '/locks/plain/a', undefined, other)).status, 204);
    const mine = { headers: { 'if-match': `"${lease.fencing}"` }, at: 1 as const };
    assert.equal((await on.call('PUT', '/locks/plain/a', undefined, mine)).status, 200);
    assert.equal((await on.call('DELETE', '/locks/plain/a', undefined, mine)).status, 204);
    assert.equal((await on.call('DELETE', '/locks/plain/a')).status, 204);
    const gone = await on.call('PUT', '/locks/plain/a');
    assert.deepEqual([gone.status, gone.body.code], [404, 'unknown-lease']);
    const anonymous = await on.call('POST', '/locks/plain', {});
    assert.equal(anonymous.status, 201, anonymous.text);
    assert.match(anonymous.body.holder, /^[0-9a-f-]{36}$/);
    await on.call('DELETE', `/locks/plain/${anonymous.body.holder}`);
  });

  test('who waits has it next, also after a session; the wait ends in time', async () => {
    const session = await new Mutex(on.zk, '/jobs/nightly', { data: 'java' }).acquire();
    const name = encodeURIComponent('/jobs/nightly');
    const late = await on.call('POST', `/locks/${name}`, { holder: 'late', wait: '200ms' });
    assert.deepEqual([late.status, late.body.holders[0].holder], [409, 'java'], late.text);
    assert.match(late.body.holders[0].session, /^0x/);
    const waits = on.call('POST', `/locks/${name}`, { holder: 'next', wait: '20s' }, { at: 1 });
    await until(async () => (await listLock(on.zk, '/jobs/nightly')).waiters.length === 1);
    const early = await on.call('PUT', `/locks/${name}/next`);
    assert.deepEqual([early.status, early.body.code], [409, 'conflict']);
    const seen = await on.call('GET', `/locks/${name}`);
    assert.deepEqual(
      [seen.body.holders[0].holder, seen.body.waiters[0].holder, seen.body.waiters[0].ttl],
      ['java', 'next', 15_000],
    );
    await session.release();
    const granted = await waits;
    assert.deepEqual([granted.status, granted.body.path], [201, '/jobs/nightly'], granted.text);
    await on.call('DELETE', `/locks/${name}/next`);
  });

  test('a client that goes away leaves nothing behind', async () => {
    await on.call('POST', '/locks/gone', { holder: 'first' });
    const waiter = openRequest(on.apis[1], '/locks/gone', { holder: 'second', wait: '60s' });
    const at = '/meshkeeper/locks/gone';
    await until(async () => (await listLock(on.zk, at)).waiters.length === 1);
    waiter.break();
    await until(async () => (await listLock(on.zk, at)).waiters.length === 0);
    // Breaking as it is granted: either way nobody is left who does not know of it.
    for (let i = 0; i < 10; i++) {
      const one = openRequest(on.apis[i % 2 ? 1 : 0], '/locks/gone', {
        holder: `w${i}`,
        wait: '60s',
      });
      await until(async () => (await listLock(on.zk, at)).waiters.length === 1);
      const released = on.call('DELETE', `/locks/gone/${i === 0 ? 'first' : 'again'}`);
      if (i % 3 === 0) await released;
      one.break();
      await released;
      await free('gone');
      await on.call('POST', '/locks/gone', { holder: 'again' });
    }
    await on.call('DELETE', '/locks/gone/again');
  });

  test('it expires when nobody keeps it alive', async () => {
    const begin = performance.now();
    await on.call('POST', '/locks/expires', { holder: 'a', ttl: 1_000 });
    const next = await on.call('POST', '/locks/expires', { holder: 'b', wait: '30s' }, { at: 1 });
    assert.equal(next.status, 201, next.text);
    assert.ok(performance.now() - begin >= 1_000);
    assert.equal((await on.call('PUT', '/locks/expires/a')).status, 404);
    await on.call('DELETE', '/locks/expires/b');
  });

  test('names and paths that can not be are refused, and it is said why', async () => {
    for (const [name, why] of [
      ['/zookeeper/quota', /belongs to ZooKeeper itself/],
      ['/meshkeeper/policies/x', /belongs to Meshkeeper itself/],
      ['/meshkeeper/locks', /belongs to Meshkeeper itself/],
      ['a/b', /has a \/ in it/],
      ['/a//b', /may be empty/],
      ['/a/../b', /may be empty/],
      ['a\u0000b', /is no name/],
    ] as const)
      for (const [method, path, body] of [
        ['POST', '', {}],
        ['GET', '', undefined],
        ['GET', '?watch', undefined],
        ['DELETE', '/a', undefined],
      ] as const) {
        const answer = await on.call(method, `/locks/${encodeURIComponent(name)}${path}`, body);
        assert.deepEqual([answer.status, answer.body?.code], [400, 'invalid-request'], answer.text);
        assert.match(answer.body.detail, why);
      }
    for (const body of [
      { ttl: '1ms' },
      { ttl: 'soon' },
      { wait: -1 },
      { holder: '' },
      { hodler: 'a' },
    ])
      assert.equal((await on.call('POST', '/locks/plain', body)).status, 400, JSON.stringify(body));
  });

  test('the list shows who holds what by whatever means, and can be followed', async () => {
    const stop = new AbortController();
    const response = await fetch(`${on.apis[0]}/api/v1/locks?watch`, { signal: stop.signal });
    assert.match(response.headers.get('content-type') ?? '', /text\/event-stream/);
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => {});
    await using lease = await new Mutex(on.zk, '/meshkeeper/locks/listed', { data: 'x' }).acquire();
    await on.call('POST', '/locks/%2Felse%2Fwhere', { holder: 'y' }, { at: 1 });
    await until(async () => {
      const { locks } = (await on.call('GET', '/locks')).body;
      const names = locks.map(({ name }: { name: string }) => name);
      return names.includes('listed') && names.includes('/else/where');
    });
    await until(() => /"name":"listed".*"holder":"x"/.test(text) && /"\/else\/where"/.test(text));
    assert.ok(lease.signal.aborted === false);
    await on.call('DELETE', '/locks/%2Felse%2Fwhere/y');
    stop.abort();
    await reading;
  });
});

onReplicas('elections over HTTP', (on) => {
  test('candidates lead in their order, in one queue with latches', async () => {
    const path = '/meshkeeper/elections/billing';
    const first = await on.call('POST', '/elections/billing', { holder: 'a' });
    assert.deepEqual([first.status, first.body.path], [201, path]);
    await using latch = new LeaderLatch(on.zk, path, { id: 'latch' });
    await until(async () => (await latch.participants()).length === 2);
    const last = on.call('POST', '/elections/billing', { holder: 'b', wait: '30s' }, { at: 1 });
    await until(async () => (await latch.participants()).length === 3);
    const stop = new AbortController();
    const watch = await fetch(`${on.apis[1]}/api/v1/elections/billing?watch`, {
      signal: stop.signal,
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of watch.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => {});
    const leaders = () =>
      [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!).holders[0]?.holder);
    await until(() => leaders().at(-1) === 'a');
    assert.deepEqual(await latch.leader(), { id: 'a', isLeader: true });
    await on.call('DELETE', '/elections/billing/a');
    const lease = await latch.lead();
    assert.ok(BigInt(first.body.fencing.split('.')[1]) < lease.fencing.czxid);
    await until(() => leaders().at(-1) === 'latch');
    await latch.close();
    const led = await last;
    assert.ok(lease.fencing.czxid < BigInt(led.body.fencing.split('.')[1]));
    await until(() => leaders().at(-1) === 'b');
    await on.call('DELETE', '/elections/billing/b');
    await until(() => leaders().at(-1) === undefined);
    stop.abort();
    await reading;
    const { body } = await on.call('GET', '/elections');
    assert.deepEqual(body.elections, []);
  });
});
