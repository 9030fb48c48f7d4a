import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Ensemble, skipWithout, startEnsemble, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type ZooKeeperErrorCode } from '../../src/index.ts';

const code = (expected: ZooKeeperErrorCode) => (error: unknown) =>
  isZooKeeperError(error, expected) || assert.fail(String(error));

/** An ensemble's configuration: each member's line by its number, and the version. */
function parse(data: Buffer): { lines: Map<number, string>; version: bigint } {
  const lines = new Map<number, string>();
  let version = -1n;
  for (const line of data.toString().split('\n')) {
    const [, id] = /^server\.(\d+)=/.exec(line) ?? [];
    if (id !== undefined) lines.set(Number(id), line);
    else version = BigInt(`0x${line.slice('version='.length)}`);
  }
  return { lines, version };
}

/** The line with the address for clients, which those of `startEnsemble` leave to `clientPort`. */
function joiningLine(ensemble: Ensemble, id: number, line: string): string {
  return `${line.replace(/;.*/, '')};127.0.0.1:${ensemble.members[id - 1]!.port}`;
}

test('an ensemble gets other members', { skip: skipWithout('zookeeper') }, async () => {
  const digest = createHash('sha1').update('super:admin').digest('base64');
  await using ensemble = await startEnsemble({
    config: { reconfigEnabled: true, standaloneEnabled: false },
    properties: { 'zookeeper.DigestAuthenticationProvider.superDigest': `super:${digest}` },
  });
  const leader = await ensemble.leader();
  const idOf = (member: typeof leader) => ensemble.members.indexOf(member) + 1;
  const followers = ensemble.members.filter((member) => member !== leader);
  const [one, two] = followers.map(idOf) as [number, number];
  await using zk = await connect({ connect: leader.connect, sessionTimeout: 4000 });
  const before = parse((await zk.getConfig()).data);
  assert.deepEqual([...before.lines.keys()], [1, 2, 3]);

  await assert.rejects(zk.reconfig({ leaving: [one] }), code('NO_AUTH'));
  await zk.addAuth('digest', 'super:admin');
  let told = 0;
  await zk.getConfig({ watch: () => told++ });
  const first = parse((await zk.reconfig({ leaving: [one] })).data);
  assert.deepEqual([...first.lines.keys()].sort(), [idOf(leader), two].sort());
  assert.ok(first.version > before.version);
  assert.equal(told, 1);
  assert.deepEqual(parse((await zk.getConfig()).data), first);

  const stale = { fromConfig: before.version };
  await assert.rejects(zk.reconfig({ leaving: [two] }, stale), code('BAD_VERSION'));
  const alone = parse((await zk.reconfig({ leaving: [two] }, { fromConfig: first.version })).data);
  assert.deepEqual([...alone.lines.keys()], [idOf(leader)]);
  // One of three would have no quorum.
  await Promise.all(followers.map((member) => member.kill()));
  const id = zk.state.type === 'connected' && zk.state.sessionId;
  await zk.create('/alone', 'x');

  const joining = [joiningLine(ensemble, one, before.lines.get(one)!)];
  await assert.rejects(zk.reconfig({ joining }), code('NEW_CONFIG_NO_QUORUM'));
  await followers[0]!.start();
  await until(() => zk.reconfig({ joining }), { timeout: 20_000 });
  const members = parse((await zk.getConfig()).data);
  assert.deepEqual([...members.lines.keys()].sort(), [idOf(leader), one].sort());
  // The same, by naming all of them.
  const all = [...members.lines.values()];
  const again = parse((await zk.reconfig({ members: all })).data);
  assert.deepEqual([...again.lines.keys()].sort(), [idOf(leader), one].sort());

  await using other = await connect({ connect: followers[0]!.connect });
  await other.sync();
  assert.equal((await other.get('/alone')).data.toString(), 'x');
  assert.deepEqual(parse((await other.getConfig()).data), again);
  // Now it takes both.
  await followers[0]!.kill();
  await until(() => zk.state.type !== 'connected');
  await followers[0]!.start();
  await zk.set('/alone', 'y');
  assert.equal(zk.state.type === 'connected' && zk.state.sessionId, id);
});

test('an ensemble that is not to be changed says so', {
  skip: skipWithout('zookeeper'),
}, async () => {
  await using ensemble = await startEnsemble({
    size: 1,
    config: { standaloneEnabled: false },
    properties: { 'zookeeper.skipACL': 'yes' },
  });
  await using zk = await connect({ connect: ensemble.connect });
  await assert.rejects(zk.reconfig({ leaving: [1] }), code('RECONFIG_DISABLED'));
});
