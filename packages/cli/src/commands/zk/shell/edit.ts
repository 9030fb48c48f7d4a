import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { CliError } from '../../../exit-code.ts';

/** Opens a znode's data in the user's editor, and writes what it was made, if nobody else did meanwhile. */
export async function edit(zk: ZooKeeper, path: string): Promise<string> {
  const { data, stat } = await zk.get(path);
  const folder = await mkdtemp(join(tmpdir(), 'meshkeeper-'));
  const file = join(folder, path.split('/').at(-1) || 'data');
  await writeFile(file, data, { mode: 0o600 });
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  // The variable may hold flags: a shell takes it apart.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    await rm(folder, { recursive: true });
    throw new CliError(`${editor} ended with ${code}: ${path} is as it was`);
  }
  const edited = await readFile(file);
  try {
    if (edited.equals(data)) return `${path} is as it was`;
    const { version } = await zk.set(path, edited, { version: stat.version });
    return `${path} has version ${version} now`;
  } catch (cause) {
    if (!isZooKeeperError(cause, 'BAD_VERSION')) throw cause;
    const kept = join(tmpdir(), `meshkeeper-edit-${process.pid}-${stat.version}`);
    await writeFile(kept, edited, { mode: 0o600 });
    throw new CliError(`${path} was changed meanwhile: yours is in ${kept}`, undefined, { cause });
  } finally {
    await rm(folder, { recursive: true });
  }
}
