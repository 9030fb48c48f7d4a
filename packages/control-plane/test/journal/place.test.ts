import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_SNAPSHOT, type Service, type Snapshot } from '@meshkeeper/mesh';
import { tempDir } from '@meshkeeper/testbed';
import { Journal } from '../../src/journal/journal.ts';
import { Places } from '../../src/journal/place.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const service = (name: string): Service => ({ name, protocol: 'http', endpoints: [] });

test('a place is found in whichever file it is, of the process that called it so', async () => {
  await using folder = await tempDir();
  const places = new Places();
  let journal: Journal;
  const at = async (run: string, revision: number) => {
    const services = await places.at({ run, revision }, () => journal.files);
    return services && [...services.keys()].sort().join();
  };
  /** Adds services one by one, from a revision on. */
  const write = async (run: string, revision: number, names: readonly string[]) => {
    // A file for each few commits.
    ({ journal } = await Journal.open({ folder: folder.path, run, logger, turnover: 1 }));
    let snapshot: Snapshot = { ...EMPTY_SNAPSHOT, revision };
    for (const name of names) {
      const after = service(name);
      snapshot = {
        ...snapshot,
        revision: snapshot.revision + 1,
        services: snapshot.services.with(new Map([[name, after]])),
      };
      journal.append(snapshot, [{ type: 'added', name, after }], 1, ['r']);
      await journal.flush();
    }
    await journal.close();
  };
  await write('a', 0, ['one', 'two', 'three', 'four', 'five', 'six']);
  // It was killed, and its last three revisions were never seen by the next, which has others.
  await write('b', 3, ['x', 'y', 'z']);
  assert.ok(journal!.files.length > 2);
  assert.equal(await at('a', 1), 'one');
  assert.equal(await at('a', 4), 'four,one,three,two');
  assert.equal(await at('a', 6), 'five,four,one,six,three,two');
  assert.equal(await at('b', 5), 'x,y');
  for (const [run, revision] of [
    ['a', 7],
    ['a', 0],
    ['b', 3],
    ['b', 7],
    ['c', 1],
  ] as const)
    assert.equal(await at(run, revision), undefined, `${run} ${revision}`);
  const many = await Promise.all([at('a', 2), at('a', 2), at('b', 6), at('a', 99)]);
  assert.deepEqual(many, ['one,two', 'one,two', 'x,y,z', undefined]);
});
