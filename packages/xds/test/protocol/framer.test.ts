import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Framer } from '../../src/server/framer.ts';
import type { Response } from '../../src/server/response.ts';

const MB = 1024 * 1024;

/** A response with one resource of so many bytes; equal ones are equal responses. */
function response(typeUrl: string, version: string, name: string, size = 10): Response {
  const any = Buffer.alloc(size);
  const resources = [{ type: 'route', name, version: `${version} ${name}`, any } as const];
  const nothing = { removed: [], fresh: [], before: new Map(), since: undefined };
  return { typeUrl, version, resources, ...nothing };
}

describe('frames', () => {
  test('are shared by those who get the same, and made anew for who has had them', () => {
    const framer = new Framer('delta');
    const first = framer.frame(response('a', '1', 'x'), '');
    assert.equal(framer.frame(response('a', '1', 'x'), ''), first);
    assert.notEqual(framer.frame(response('a', '1', 'y'), ''), first);
    const again = framer.frame(response('a', '1', 'x'), first.nonce);
    assert.notEqual(again.nonce, first.nonce);
    assert.equal(framer.frame(response('a', '1', 'x'), first.nonce), again);
    assert.equal(framer.frame(response('a', '1', 'x'), ''), again);
  });

  test('of versions that many came after are forgotten', () => {
    const framer = new Framer('delta');
    const old = framer.frame(response('a', '0', 'x'), '');
    const other = framer.frame(response('b', '0', 'x'), '');
    for (let version = 1; version < 16; version++)
      framer.frame(response('a', `${version}`, 'x'), '');
    assert.equal(framer.frame(response('a', '0', 'x'), ''), old);
    framer.frame(response('a', '16', 'x'), '');
    assert.notEqual(framer.frame(response('a', '0', 'x'), ''), old);
    assert.equal(framer.frame(response('b', '0', 'x'), ''), other, 'another type has its own');
  });

  test('take so much memory and no more, the newest of each type excepted', () => {
    const framer = new Framer('sotw');
    const kept = (one: Response) => {
      const frame = framer.frame(one, '');
      return () => framer.frame(one, '') === frame;
    };
    const before = kept(response('clusters', '1', 'x', MB));
    const clusters = kept(response('clusters', '2', 'x', MB));
    const endpoints = kept(response('endpoints', '1', 'x', 20 * MB));
    assert.ok(clusters(), 'the newest of its type');
    assert.ok(endpoints(), 'also larger than all that is kept');
    assert.ok(!before());
    const one = kept(response('routes', '1', 'x', 10 * MB));
    const two = kept(response('routes', '1', 'y', 10 * MB));
    assert.ok(two());
    assert.ok(!one(), 'both are too much');
  });
});
