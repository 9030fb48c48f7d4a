import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, tempDir, until } from '@meshkeeper/testbed';
import { type Child, runProgram } from '../process/child.ts';
import { onPath } from '../process/on-path.ts';
import { zoneFile } from './world.ts';

const FOLDER = join(import.meta.dirname, '../../go/coredns');
const CACHE = join(import.meta.dirname, '../../../../.cache/bench');

/** CoreDNS with the same as a zone file, in random order, on one core; undefined where Go is not installed. */
export async function startCoreDns(
  signal: AbortSignal,
): Promise<(Child & { readonly port: number }) | undefined> {
  const program = await compiled(signal);
  if (program === undefined) return undefined;
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir()).path;
  const port = await freePort();
  await writeFile(join(folder, 'zone'), zoneFile());
  const corefile = `mesh:${port} {\n  bind 127.0.0.1\n  loadbalance round_robin\n  file ${join(folder, 'zone')} mesh\n}\n`;
  await writeFile(join(folder, 'Corefile'), corefile);
  const env = ['GOMAXPROCS=1', program, '-conf', join(folder, 'Corefile')];
  const child = stack.use(runProgram('env', env, signal));
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  await until(() =>
    resolver.resolveNs('mesh').then(
      () => true,
      () => false,
    ),
  );
  const dispose = () => stack.disposeAsync();
  return { pid: child.pid, said: '', port, [Symbol.asyncDispose]: dispose };
}

async function compiled(signal: AbortSignal): Promise<string | undefined> {
  const go = onPath('go');
  if (go === undefined) return undefined;
  const sources = readdirSync(FOLDER).sort();
  const content = sources.map((name) => readFileSync(join(FOLDER, name), 'utf8')).join('\0');
  const command = join(CACHE, `coredns-${hash('sha256', content).slice(0, 12)}`);
  if (!existsSync(command)) {
    // What go.mod and go.sum say is what is built.
    const args = ['build', '-mod=readonly', '-o', command, '.'];
    await promisify(execFile)(go, args, { cwd: FOLDER, signal });
  }
  return command;
}
