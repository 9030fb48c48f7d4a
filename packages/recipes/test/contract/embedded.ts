import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, type TempDir, tempDir } from '@meshkeeper/testbed';
import type { Member } from './system.ts';

const program = join(import.meta.dirname, 'embedded-process.ts');

/** Our own server in a process of its own, with its data on disk. */
export class EmbeddedMember implements Member {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #dir: TempDir;
  #child: ChildProcess | undefined;

  private constructor(port: number, dir: TempDir) {
    this.port = port;
    this.#dir = dir;
  }

  static async start(): Promise<EmbeddedMember> {
    const member = new EmbeddedMember(await freePort(), await tempDir('meshkeeper-contract-'));
    await member.start();
    return member;
  }

  async start(): Promise<void> {
    const args = ['--conditions=source', program, this.#dir.path, String(this.port)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    process.once('exit', () => child.kill('SIGKILL'));
    this.#child = child;
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(() =>
        Promise.reject(new Error('the embedded server did not start')),
      ),
    ]);
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  skipClock(milliseconds: number): void {
    this.#child?.stdin?.write(`${milliseconds}\n`);
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#dir.close();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}
