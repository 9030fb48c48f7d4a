import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import * as recipes from '@meshkeeper/recipes';
import { startZooKeeper, until } from '@meshkeeper/testbed';

const run = promisify(execFile);
const { MESHKEEPER_ZOOKEEPER_CONNECT: _, ...env } = process.env;
const examples = globSync('examples/recipes/*.ts').sort();
const programs = globSync('examples/{sdk,config}/*.ts')
  .filter((file) => basename(file) !== 'publisher.ts') // what two of them share
  .sort();

/** What the header of an example says that it prints. */
function claimed(file: string): string {
  const header = /^\/\*\*\n([\s\S]*?)^ \*\/$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  assert.ok(
    header.includes(` *   node --conditions=source ${file}\n`),
    `${file} says how it is run`,
  );
  const lines = header.split(/^ \* prints\b.*\n \*\n/m)[1]?.match(/^ \* {3}.*$/gm) ?? [];
  return lines.map((line) => `${line.slice(' *   '.length)}\n`).join('');
}

/** What an example prints; one that hangs ends with its test. */
async function printed(
  file: string,
  { signal }: TestContext,
  ...args: readonly string[]
): Promise<string> {
  const command = ['--conditions=source', file, ...args];
  const { stdout } = await run(process.execPath, command, { env, signal });
  return stdout;
}

test('every recipe has an example, and the index names it', () => {
  const sources = examples.map((file) => readFileSync(file, 'utf8')).join('');
  const index = readFileSync('examples/README.md', 'utf8');
  const used = new Set(
    [...sources.matchAll(/^import \{([^}]*)\} from '@meshkeeper\/recipes';/gm)].flatMap(
      ([, names]) => names!.split(',').map((name) => name.trim()),
    ),
  );
  // Not recipes: what they throw, what they hand out, how tokens are written, how a queue is read.
  const others = ['Claim', 'PartitionLease', 'RecipeError'];
  others.push('formatFencing', 'parseFencing', 'compareFencing', 'firstToLead', 'assignPartitions');
  // Nor these: what `KeptLeases` is made of, for who serves it.
  others.push('KeptStore', 'newLeaseId', 'lifetimeOf', 'queueName', 'QUEUE_FOLDERS');
  for (const name of Object.keys(recipes))
    if (!others.includes(name)) assert.ok(used.has(name), `no example uses ${name}`);
  for (const file of examples) assert.ok(index.includes(`(recipes/${basename(file)})`), file);
  for (const file of programs)
    assert.ok(index.includes(`(${file.slice('examples/'.length)})`), file);
});

describe('on a server of its own', { concurrency: 2 }, () => {
  for (const file of [...examples, ...programs])
    test(`${file} prints what it says`, async (t) => {
      const lines = claimed(file);
      assert.notEqual(lines, '');
      assert.equal(await printed(file, t), lines);
    });

  test('examples/fencing.ts shows a paused holder being refused', async (t) => {
    const masked = (text: string) =>
      text.replace(
        /^(.* with )(\S+)\n(.* with )(\S+)\n(.*)\2 is older than \4\n$/,
        '$1FIRST\n$3SECOND\n$5FIRST is older than SECOND\n',
      );
    const shown = masked(await printed('examples/fencing.ts', t));
    assert.match(shown, /FIRST is older than SECOND/);
    assert.equal(shown, masked(claimed('examples/fencing.ts')));
    const guide = readFileSync('docs/guides/leases.md', 'utf8');
    const quoted = /```\n(the first holder[\s\S]*?)```/.exec(guide)?.[1] ?? '';
    assert.equal(shown, masked(quoted), 'docs/guides/leases.md shows it');
  });
});

describe('on Apache ZooKeeper, named by the argument', { concurrency: 2 }, () => {
  let server: Awaited<ReturnType<typeof startZooKeeper>> | undefined;
  before(async () => {
    server = await startZooKeeper();
  });
  after(() => server?.close());

  for (const file of examples)
    test(`${file} prints the same`, async (t) => {
      assert.ok(server);
      assert.equal(await printed(file, t, server.connect), claimed(file));
    });
});

test('examples/register.ts registers, and leaves with its session', async () => {
  const args = ['--conditions=source', 'examples/register.ts'];
  const example = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let shown = '';
  example.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
  });
  const exit = once(example, 'exit');
  const says = (what: RegExp) => until(() => what.test(shown), { timeout: 60_000 });
  await says(/registered \/discovery\/greeter\/greeter-\d+/);
  await says(/\+ \/discovery\/greeter\/greeter-\d+/);
  example.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});
