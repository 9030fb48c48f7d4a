import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '@meshkeeper/testbed';
import { loadConfig } from '../../src/index.ts';
import { Selection } from '../../src/mirrors/select.ts';

async function load(mirror: unknown, rest: object = {}) {
  await using folder = await tempDir();
  const file = join(folder.path, 'meshkeeper.yaml');
  writeFileSync(file, JSON.stringify({ mirror, ...rest }));
  return loadConfig({ file }).then(
    (config) => config.mirror,
    (error: Error) => error.message.replaceAll(`${file}:1: `, ''),
  );
}

test('a mirror has a name and takes all services, unless it says otherwise', async () => {
  assert.deepEqual(await load([{ to: { dialect: 'dubbo' } }]), [
    { name: 'catalog-to-dubbo', from: { services: ['*'] }, to: { dialect: 'dubbo' } },
  ]);
  const registries = [{ name: 'our/own', dialect: 'spring' }];
  const mirror = [{ from: { registry: 'our/own' }, to: { dialect: 'nerve', root: '/n' } }];
  const [named] = await load(mirror, { registries });
  assert.deepEqual((named as { name: string }).name, 'our-own-to-nerve');
});

test('what can not be mirrored is an error where it is written', async () => {
  const wrong = await load([
    { from: { registry: 'nobody' }, to: { dialect: 'dubbo' } },
    { from: { registry: 'spring' }, to: { dialect: 'spring' } },
    { to: { dialect: 'smoke' } },
    { to: { dialect: 'nerve' } },
    { to: { dialect: 'dubbo' } },
    { to: { dialect: 'dubbo' } },
    { name: 'a~b', to: { dialect: 'curator' } },
  ]);
  assert.match(
    String(wrong),
    /mirror\.0\.from\.registry: there is no registry "nobody": write spring, /,
  );
  assert.match(String(wrong), /mirror\.1\.to: that is where "spring" itself is/);
  assert.match(String(wrong), /mirror\.2\.to\.dialect: "smoke" is no dialect/);
  assert.match(String(wrong), /mirror\.3\.to\.root: nerve has no root of its own/);
  assert.match(String(wrong), /mirror\.6\.name: letters, digits/);
  const twice = await load([{ to: { dialect: 'dubbo' } }, { to: { dialect: 'dubbo' } }]);
  assert.match(String(twice), /mirror\.1\.name: "catalog-to-dubbo" names two mirrors/);
});

test('services are chosen by name, endpoints by where they were registered', () => {
  const endpoint = (registry: string) => ({ id: registry, origin: { registry } });
  const service = (name: string, ...registries: string[]) =>
    // Only what a selection looks at.
    ({ name, endpoints: registries.map(endpoint) }) as unknown as Parameters<Selection['of']>[0];
  const rule = { from: { registry: 'r', services: ['orders', 'team-*', 'a.b/?'] } };
  const selection = new Selection(rule, ['home']);
  const chosen = (...names: string[]) =>
    names.filter((name) => selection.of(service(name, 'r')) !== undefined);
  assert.deepEqual(chosen('orders', 'orders2', 'team-', 'team-x', 'my-team-x', 'a.b/c', 'aXb/c'), [
    ...['orders', 'team-', 'team-x', 'a.b/c'],
  ]);
  assert.equal(selection.of(service('orders', 'r', 's', 'home'))?.endpoints.length, 1);
  assert.equal(selection.of(service('orders', 's')), undefined);
  const both = service('orders', 's', 'home');
  const also = () => new Map([['s', new Set(['s', 'r'])]]);
  assert.equal(selection.of(both, also)?.endpoints.length, 1, 'one that is registered twice');
  const all = new Selection({ from: { services: ['*'] } }, ['home']);
  assert.equal(all.of(service('orders', 'r', 's', 'home'))?.endpoints.length, 2);
  assert.equal(all.of(service('orders', 'home')), undefined);
});
