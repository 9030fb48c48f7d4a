import { existsSync, realpathSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { runOrFail } from '../process/command.ts';

/** Installs npm packages in `dir`, and compiles them for the Node that runs this. */
export async function installPackages(
  dir: string,
  requirements: readonly string[],
  options: { signal?: AbortSignal | undefined },
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'package.json'), '{"private":true}\n');
  const env = {
    // Scripts run `node` by name.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    ...headers(),
  };
  const args = ['install', '--no-package-lock', '--no-audit', '--no-fund', ...requirements];
  await runOrFail('npm', args, { cwd: dir, env, ...options });
}

/**
 * Unpacks one npm package in `dir`, without what it depends on, and runs nothing of it.
 * @returns its folder
 */
export async function unpackPackage(
  dir: string,
  requirement: string,
  options: { signal?: AbortSignal | undefined },
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const { stdout } = await runOrFail('npm', ['pack', '--silent', requirement], {
    cwd: dir,
    ...options,
  });
  const archive = join(dir, stdout.trim());
  await runOrFail('tar', ['-xzf', archive, '-C', dir], options);
  await rm(archive);
  return join(dir, 'package');
}

/** Node's own headers where they stand beside its program: nothing needs to be fetched then. */
function headers(): Record<string, string> {
  const home = resolve(dirname(realpathSync(process.execPath)), '..');
  const there = existsSync(join(home, 'include/node/node_version.h'));
  return there ? { npm_config_nodedir: home } : {};
}
