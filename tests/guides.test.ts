import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startZooKeeper } from '@meshkeeper/testbed';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';

const run = promisify(execFile);
const documents = [...globSync('docs/guides/*.md'), 'packages/recipes/README.md']
  .filter((document) => programsOf(document).length > 0)
  .sort();
const CACHE = '.cache';

/** The `ts` blocks of a document, each a program. */
function programsOf(document: string): string[] {
  const blocks = readFileSync(document, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g);
  return [...blocks].map(([, code]) => code!);
}

/** Where the guides' ensembles are, in their words. */
const ENSEMBLE = /'(localhost:2181|zk1:2181,zk2:2181,zk3:2181)'/g;

/** What runs in place of a block: on this server, quiet, and with assertions that fail. */
function runnable(code: string, connect: string): string {
  const here = code
    .replaceAll(ENSEMBLE, `'${connect}'`)
    .replaceAll('console.assert(', 'assert.ok(')
    .replaceAll('console.log(', 'quiet(');
  return `import assert from 'node:assert/strict';
const quiet = (..._: readonly unknown[]) => {};
${here}`;
}

/** Writes the programs of a document into a folder, for one server. */
async function writePrograms(document: string, folder: string, connect: string) {
  return Promise.all(
    programsOf(document).map(async (code, i) => {
      const file = join(folder, `${basename(document, '.md').toLowerCase()}-${i}.ts`);
      await writeFile(file, runnable(code, connect));
      return pathToFileURL(file).href;
    }),
  );
}

/** Inside the project, where the packages are found by their names. */
async function projectFolder(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  return mkdtemp(join(CACHE, 'guides-'));
}

let folder: string;
before(async () => {
  folder = await projectFolder();
});
after(() => rm(folder, { recursive: true, force: true }));

test('the guides have programs', () => {
  for (const guide of ['from-node-zookeeper-client', 'leases', 'sharing-locks-with-java'])
    assert.ok(documents.includes(`docs/guides/${guide}.md`), guide);
});

test('the programs of the guides have the types they need', async () => {
  for (const document of documents) await writePrograms(document, folder, 'localhost:2181');
  const compilerOptions = { noEmit: true, customConditions: ['source'], noUnusedLocals: false };
  const config = { extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = await run('tsc', ['-p', folder]).catch((error: { stdout: string }) => error);
  // Faults elsewhere are the type check's to tell.
  const faults = stdout.split('\n').filter((line) => line.includes(basename(folder)));
  assert.deepEqual(faults, []);
});

const servers = {
  'Apache ZooKeeper': () => startZooKeeper(),
  'the embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
};

for (const [name, start] of Object.entries(servers))
  describe(`on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>> | undefined;
    let own: string;
    before(async () => {
      server = await start();
      own = await projectFolder();
    });
    after(async () => {
      await server?.close();
      await rm(own, { recursive: true, force: true });
    });

    for (const document of documents)
      test(`the programs of ${document} run`, async () => {
        assert.ok(server);
        const programs = await writePrograms(document, own, server.connect);
        for (const program of programs) await import(program);
      });
  });
