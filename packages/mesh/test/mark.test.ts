import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARK_LABELS, markedId, markedMetadata, markOf } from '../src/index.ts';

const mark = { mesh: '0123456789ab', rule: 'to-b' };

test('what is marked is known by its metadata, however its keys have to be spelled', () => {
  const [[key = '', value = ''] = []] = Object.entries(markedMetadata(mark, 'a registry/1'));
  assert.equal(value, '0123456789ab/to-b/a_registry_1');
  for (const spelled of [key, 'meshkeeper-mirror', 'meshkeeper_mirror', 'meshkeeper.io/mirror'])
    assert.deepEqual(markOf({ id: 'x', metadata: { a: 'b', [spelled]: value } }), mark, spelled);
  const labels = { [MARK_LABELS.mesh]: mark.mesh, [MARK_LABELS.rule]: mark.rule };
  assert.deepEqual(markOf({ id: 'x', metadata: labels }), mark);
  for (const other of ['my-meshkeeper-mirror', 'meshkeeper.mirrored', 'meshkeeperXXmirror'])
    assert.equal(markOf({ id: 'x', metadata: { [other]: value } }), undefined, other);
  assert.equal(markOf({ id: 'x', metadata: { [key]: 'true' } }), undefined);
});

test('a name is a mark where there is no metadata, and only there', () => {
  const id = markedId(mark, '10.0.0.1:80/x');
  assert.deepEqual(markOf({ id, metadata: {} }), mark);
  assert.equal(markOf({ id, metadata: { a: 'b' } }), undefined);
  assert.equal(markOf({ id: '10.0.0.1:80', metadata: {} }), undefined);
});
