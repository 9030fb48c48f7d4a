import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  diff,
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  type Service,
  type Snapshot,
} from '@meshkeeper/mesh';
import { tempDir } from '@meshkeeper/testbed';
import fc from 'fast-check';
import { catalogAt, differences, History } from '../../src/journal/history.ts';
import { Journal } from '../../src/journal/journal.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

function endpoint(id: string, fields: Partial<Endpoint> = {}): Endpoint {
  return {
    id,
    address: '10.0.0.1',
    port: 80,
    weight: 100,
    locality: NO_LOCALITY,
    health: 'unknown',
    metadata: {},
    origin: { registry: 'r', path: `/r/${id}`, czxid: 0x7fff_ffff_ffff_ffffn, mzxid: 2n, mtime: 3 },
    ...fields,
  };
}

const service = (name: string, ...endpoints: Endpoint[]): Service => ({
  name,
  protocol: 'http',
  endpoints,
});

/** Commits one after another, as the catalog makes them. */
class Commits {
  snapshot: Snapshot = EMPTY_SNAPSHOT;
  readonly #journal: Journal;
  readonly #history: History | undefined;
  constructor(journal: Journal, history?: History) {
    this.#journal = journal;
    this.#history = history;
  }
  set(services: Record<string, Service | undefined>, at = this.snapshot.revision + 1): void {
    const before = this.snapshot;
    this.snapshot = {
      ...before,
      revision: before.revision + 1,
      services: before.services.with(new Map(Object.entries(services))),
    };
    const changes = diff(before, this.snapshot);
    this.#journal.append(this.snapshot, changes, at, ['r']);
    this.#history?.append(this.snapshot.revision, changes, at);
  }
}

const shown = (services: Iterable<Service>) =>
  Object.fromEntries(
    [...services].sort((a, b) => (a.name < b.name ? -1 : 1)).map((s) => [s.name, s]),
  );

test('what was served last is there after a restart', async () => {
  await using folder = await tempDir();
  const options = { folder: join(folder.path, 'catalog'), run: 'one', logger };
  const first = await Journal.open(options);
  assert.equal(first.last, undefined);
  const commits = new Commits(first.journal);
  commits.set({ a: service('a', endpoint('1'), endpoint('2')), b: service('b') });
  await first.journal.flush();
  commits.set({ a: service('a', endpoint('2', { weight: 5 }), endpoint('3')), b: undefined });
  const hosts = ['c.service.consul'];
  commits.set({ c: { ...service('c', endpoint('1', { metadata: { zone: 'ä\n"' } })), hosts } });
  await first.journal.close();

  const { journal, last } = await Journal.open(options);
  assert.equal(last?.revision, 3);
  assert.deepEqual(last?.sources, ['r']);
  assert.deepEqual(shown(last!.services.values()), shown(commits.snapshot.services));
  await journal.close();
});

test('a file that was cut off or damaged is good up to there; one that has no beginning is passed over', async () => {
  await using folder = await tempDir();
  const options = { folder: folder.path, run: 'one', logger };
  const { journal } = await Journal.open(options);
  const commits = new Commits(journal);
  commits.set({ a: service('a', endpoint('1')) });
  await journal.flush();
  commits.set({ b: service('b', endpoint('1')) });
  await journal.flush();
  commits.set({ c: service('c', endpoint('1')) });
  await journal.close();
  const [name] = readdirSync(folder.path);
  const file = join(folder.path, name!);
  const whole = readFileSync(file, 'utf8');
  const revisionOf = async () => (await Journal.open(options)).last?.revision;
  assert.equal(await revisionOf(), 3);
  truncateSync(file, whole.length - 10);
  assert.equal(await revisionOf(), 2);
  writeFileSync(file, whole.replace('"revision":2', '"revision":7'));
  assert.equal(await revisionOf(), 1);
  appendFileSync(join(folder.path, 'catalog-0000000009.journal'), whole.slice(0, 100));
  appendFileSync(join(folder.path, 'catalog-0000000010.journal.new'), whole);
  assert.equal(await revisionOf(), 1);
  assert.equal(readdirSync(folder.path).includes('catalog-0000000010.journal.new'), false);
});

test('files follow each other, and the oldest go', async () => {
  await using folder = await tempDir();
  const { journal } = await Journal.open({
    folder: folder.path,
    run: 'one',
    logger,
    turnover: 1,
    keep: 4000,
  });
  const commits = new Commits(journal);
  for (let i = 0; i < 50; i++) {
    commits.set({ a: service('a', endpoint(`${i}`)) });
    await journal.flush();
  }
  await journal.close();
  const numbers = journal.files.map(({ number }) => number);
  assert.ok(numbers.length > 2 && numbers[0]! > 1, `${numbers}`);
  const { last } = await Journal.open({ folder: folder.path, run: 'one', logger });
  assert.deepEqual(last?.services.get('a')?.endpoints[0]?.id, '49');
  assert.equal(await catalogAt(journal.files, { revision: 1 }), undefined, 'forgotten');
  const some = await catalogAt(journal.files, { revision: 48 });
  assert.equal(some?.services.get('a')?.endpoints[0]?.id, '47');
});

test('history tells who came and went, over restarts; two moments can be compared', async () => {
  await using folder = await tempDir();
  const first = await Journal.open({ folder: folder.path, run: 'one', logger });
  const commits = new Commits(first.journal);
  commits.set({ a: service('a', endpoint('1'), endpoint('2')) }, 1000);
  await first.journal.flush();
  commits.set({ a: service('a', endpoint('2', { weight: 5 }), endpoint('3')) }, 2000);
  commits.set({ b: service('b', endpoint('1')) }, 3000);
  await first.journal.close();
  const { journal } = await Journal.open({ folder: folder.path, run: 'one', logger });
  const history = await History.of(journal.files);
  const later = new Commits(journal, history);
  later.snapshot = commits.snapshot;
  later.set({ a: undefined }, 4000);
  await journal.flush();
  assert.deepEqual(
    history
      .entries({ limit: 10 })
      .map(({ revision, service: name, type }) => [revision, name, type]),
    [
      [4, 'a', 'removed'],
      [3, 'b', 'added'],
      [2, 'a', 'updated'],
    ],
  );
  const [updated] = history.entries({ service: 'a', before: 4, limit: 1 });
  const at = { address: '10.0.0.1', port: 80 };
  assert.deepEqual(updated, {
    ...{ revision: 2, at: 2000, service: 'a', type: 'updated' },
    endpoints: {
      added: [{ id: '3', ...at }],
      removed: [{ id: '1', ...at }],
      changed: [{ id: '2', ...at, fields: { weight: [100, 5] } }],
    },
  });
  const [then, now] = await Promise.all([
    catalogAt(journal.files, { at: 2500 }),
    catalogAt(journal.files, { revision: 4 }),
  ]);
  assert.deepEqual([then?.revision, now?.revision], [2, 4]);
  assert.deepEqual(
    differences(then!.services, now!.services).map(({ service: name, type }) => [name, type]),
    [
      ['a', 'removed'],
      ['b', 'added'],
    ],
  );
  await journal.close();
});

test('a disk that fails costs no commit of what is served: the next file has it all', async () => {
  await using folder = await tempDir();
  const { journal } = await Journal.open({ folder: join(folder.path, 'gone'), run: 'one', logger });
  const { rmSync } = await import('node:fs');
  rmSync(join(folder.path, 'gone'), { recursive: true });
  const commits = new Commits(journal);
  commits.set({ a: service('a', endpoint('1')) });
  await assert.rejects(journal.flush(), { code: 'ENOENT' });
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(folder.path, 'gone'));
  commits.set({ b: service('b', endpoint('1')) });
  await journal.close();
  const { last } = await Journal.open({ folder: join(folder.path, 'gone'), run: 'one', logger });
  assert.deepEqual([...last!.services.keys()].sort(), ['a', 'b']);
});

test('whatever is committed, the journal gives back', async () => {
  const names = fc.constantFrom('a', 'b', 'c');
  const ids = fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { maxLength: 4 });
  const step = fc.record({
    name: names,
    ids: fc.option(ids),
    weight: fc.nat(3),
    retries: fc.option(fc.nat(2), { nil: undefined }),
    flush: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      await using folder = await tempDir();
      const options = { folder: folder.path, run: 'one', logger, turnover: 300, keep: 1000 };
      const { journal } = await Journal.open(options);
      const commits = new Commits(journal);
      const origin = { source: 'r', path: '/rule' };
      for (const { name, ids, weight, retries, flush } of steps) {
        const endpoints = ids?.toSorted().map((id) => endpoint(id, { weight }));
        const policy = retries !== undefined && { retries: { value: retries, origin } };
        const stated = endpoints && { ...service(name, ...endpoints), ...(policy && { policy }) };
        commits.set({ [name]: stated });
        if (flush) await journal.flush();
      }
      await journal.close();
      const { last } = await Journal.open(options);
      assert.deepEqual(shown(last?.services.values() ?? []), shown(commits.snapshot.services));
    }),
    { numRuns: 50 },
  );
});
