import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { tempDir } from '@meshkeeper/testbed';

const run = promisify(execFile);
const INDEX = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href;

/** Loads a configuration in a process of its own; gives the packages that this has imported. */
async function importedBy(config: string): Promise<Set<string>> {
  await using folder = await tempDir();
  const file = join(folder.path, 'meshkeeper.yaml');
  writeFileSync(file, config);
  const program = `
    import { registerHooks } from 'node:module';
    const found = new Set();
    registerHooks({
      resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        const [, name] = /\\/(?:packages|node_modules)\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(resolved.url) ?? [];
        if (name !== undefined) found.add(name);
        return resolved;
      },
    });
    const { loadConfig } = await import('${INDEX}');
    await loadConfig({ file: ${JSON.stringify(file)} });
    console.log(JSON.stringify([...found]));`;
  const flags = ['--conditions=source', '--input-type=module', '-e', program];
  const { stdout } = await run(process.execPath, flags);
  return new Set(JSON.parse(stdout) as string[]);
}

test('who configures no Kubernetes loads nothing of it', async () => {
  const heavy = ['kubernetes', '@kubernetes/client-node', 'undici', '@peculiar/x509'];
  const loaded = async (config: string) => {
    const imported = await importedBy(config);
    assert.ok(imported.has('registries') && imported.has('zod'));
    return heavy.filter((name) => imported.has(name));
  };
  assert.deepEqual(await loaded('sources: [ { name: dc, kind: consul } ]'), []);
  const some = await loaded('sources: [ { name: cluster, kind: kubernetes } ]');
  assert.ok(some.includes('kubernetes'));
});
