import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from '../process/line-process.ts';
import { onPath } from '../process/on-path.ts';

const FOLDER = join(import.meta.dirname, '../../go/control-plane');
const CACHE = join(import.meta.dirname, '../../../../.cache/bench');

/** An xDS server of go-control-plane, compiled at the first run; undefined where Go is not installed. */
export async function goControlPlane(signal: AbortSignal): Promise<Command | undefined> {
  const go = onPath('go');
  if (go === undefined) return undefined;
  const sources = readdirSync(FOLDER).sort();
  const content = sources.map((name) => readFileSync(join(FOLDER, name), 'utf8')).join('\0');
  const command = join(CACHE, `go-control-plane-${hash('sha256', content).slice(0, 12)}`);
  if (!existsSync(command)) {
    // What go.mod and go.sum say is what is built.
    const args = ['build', '-mod=readonly', '-o', command, '.'];
    await promisify(execFile)(go, args, { cwd: FOLDER, signal });
  }
  return { command, args: [] };
}
