import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadConfig, startControlPlane } from '@meshkeeper/control-plane';
import { encodeInstance } from '@meshkeeper/registries';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

const run = promisify(execFile);
const guide = readFileSync('docs/guides/api.md', 'utf8');
const examples = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code!);

test('the examples of the guide to the API do what it says', async () => {
  await using server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  await using zk = await connect({ connect: server.connect });
  const shop = { ...{ name: 'shop', id: 'shop-1', address: '127.0.0.1', port: 1001 } };
  const data = encodeInstance({
    ...{ ...shop, sslPort: null, payload: null, registrationTimeUTC: 1 },
    ...{ serviceType: 'DYNAMIC', uriSpec: null },
  });
  await zk.create('/discovery/shop/shop-1', data, { parents: true });
  const listen = '127.0.0.1:0';
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: server.connect },
      controlPlane: { api: { listen }, xds: { listen }, dns: { listen } },
    },
  });
  const logger = { debug() {}, info() {}, warn() {} };
  await using plane = await startControlPlane({ config, logger });
  await plane.ready;
  await until(async () => (await fetch(`${plane.api}/api/v1/services/shop`)).ok);
  const outputs: string[] = [];
  for (const code of examples) {
    const env = { ...process.env, API: plane.api };
    outputs.push((await run('sh', ['-e', '-c', code], { env })).stdout);
  }
  const told = (text: RegExp) => outputs.some((output) => text.test(output));
  assert.ok(outputs.length > 0);
  for (const [i, output] of outputs.entries()) assert.notEqual(output, '', examples[i]);
  assert.ok(told(/"name":"shop"/));
  // The document shows what is answered.
  const problem = /```json\n([\s\S]*?)\n```/.exec(guide)![1]!;
  assert.ok(outputs.includes(problem), outputs[1]);
  assert.ok(told(/^\{"kind":"token","name":"ci","roles":\["viewer"\]\}$/));
  assert.ok(told(/^event: state\ndata: \{/) && told(/^id: \w+(-\d+)+\nevent: ready\n/));
  assert.ok(told(/"drain":true/));
  const unexpected = outputs.filter((output) => output !== problem && /"status":[45]/.test(output));
  assert.deepEqual(unexpected, []);
});

test('the guide says of the roles what the document says', () => {
  const { info } = JSON.parse(readFileSync('docs/reference/openapi.json', 'utf8'));
  const roles = [...String(info.description).matchAll(/^- `(\w+)`/gm)].map(([, role]) => role);
  assert.ok(roles.length > 0);
  assert.deepEqual(
    [...guide.matchAll(/^\| `(\w+)` \|/gm)].map(([, role]) => role),
    roles,
  );
});
