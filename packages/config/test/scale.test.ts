import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { startZooKeeper, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { ConfigStore, LiveConfig } from '../src/index.ts';
import { ann, bob, texts } from './stage.ts';

const SOAK = process.env.MESHKEEPER_SOAK === '1';
const KEYS = SOAK ? 100_000 : 10_000;
const RELEASES = SOAK ? 1_000 : 60;
const PAGE = 20;
const shop = { application: 'shop', namespace: 'default' };
const logger = { debug() {}, info() {}, warn() {} };

test(`${KEYS} keys and ${RELEASES} releases: the last is as quick as the first`, {
  timeout: SOAK ? 3_600_000 : 120_000,
}, async (t) => {
  await using server = await startZooKeeper();
  await using zk = await connect({ connect: server.connect });
  const store = new ConfigStore({ zk });
  const signal = AbortSignal.timeout(SOAK ? 3_600_000 : 120_000);
  const keyOf = (i: number) => `service.${i % 331}.key-${i}`;
  const all = Object.fromEntries(
    Array.from({ length: KEYS }, (_, i) => [keyOf(i), `value ${i} `.repeat(8)]),
  );
  const edit = (values: Record<string, string>) =>
    store.drafts.edit(shop, { tag: '*', set: texts(values) }, ann, signal);
  const timed = async (work: () => Promise<unknown>) => {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  };
  const whole = await timed(async () => {
    await edit(all);
    await store.releases.publish(shop, {}, bob, signal);
  });
  await using live = new LiveConfig({ zk, logger });
  await live.ready;
  const page = async (before?: number) => {
    const found = await store.releases.list(shop, { limit: PAGE, before }, signal);
    assert.equal(found.length, PAGE);
  };
  /** What it takes undisturbed. */
  const paging = async (before?: number) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await timed(() => page(before)));
    return Math.min(...times);
  };
  const publishing: number[] = [];
  let firstPage = 0;
  for (let i = 2; i <= RELEASES; i++) {
    // Until a replica serves it.
    publishing.push(
      await timed(async () => {
        await edit({ [keyOf((i * 7919) % KEYS)]: `changed in ${i}` });
        await store.releases.publish(shop, {}, bob, signal);
        await live.seen(shop, i, signal);
      }),
    );
    if (i === PAGE) firstPage = await paging();
  }
  const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;
  const [early, late] = [median(publishing.slice(0, 15)), median(publishing.slice(-15))];
  assert.ok(late < 3 * early, `the last ${late} ms, the first ${early} ms`);
  assert.ok(late < whole / 2, `one key ${late} ms, all of them ${whole} ms`);
  const newest = await paging();
  const oldest = await paging(PAGE + 1);
  for (const time of [newest, oldest])
    assert.ok(time < 5 * firstPage, `a page ${time} ms, of the first releases ${firstPage} ms`);
  const [a] = await store.releases.diff(shop, RELEASES - 1, 'head', signal);
  assert.equal(a?.change, 'changed');
  await until(() => live.resolve({ application: 'shop' }).layers[0]?.release === RELEASES);
  assert.equal(live.resolve({ application: 'shop' }).values.size, KEYS);
  const chunks = await zk.children('/meshkeeper/config/shop/default/content');
  // A release keeps its leaf, perhaps two, and those above it.
  const first = new ConfigStore({ zk });
  const { content } = await first.releases.get(shop, 1, signal);
  assert.equal(content.entries.size, KEYS);
  assert.ok(chunks.children.length < KEYS / 40 + 8 * RELEASES, `${chunks.children.length} chunks`);
  const collecting = await timed(async () => {
    const { releases } = await store.garbage.collect(shop, { keep: 10, grace: -60_000 }, signal);
    assert.ok(releases >= RELEASES - 12);
  });
  assert.equal((await first.releases.list(shop, { limit: 99 }, signal)).length, 10);
  const ms = (time: number) => `${time.toFixed(0)} ms`;
  t.diagnostic(
    `all at once ${ms(whole)}; edit and publish of a key: first ${ms(early)}, last ${ms(late)}; ` +
      `a page: newest ${ms(newest)}, oldest ${ms(oldest)}; ${chunks.children.length} chunks; ` +
      `collected in ${ms(collecting)}`,
  );
});
