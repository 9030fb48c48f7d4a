import { join } from 'node:path';
import { type Command, LineProcess } from '../process/line-process.ts';
import { goControlPlane } from './go-control-plane.ts';
import type { AdmissionLimit, Listening, Usage, WorldSize } from './protocol.ts';
import { makeSnapshot, resourcesOf } from './world.ts';

/** Servers that are measured: ours first, then the caches of go-control-plane. */
export const SUBJECTS = ['ours', 'linear', 'snapshot'] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/** A server in a process of its own, which serves a world. */
export class Subject implements AsyncDisposable {
  readonly name: SubjectName;
  readonly port: number;
  readonly #process: LineProcess;
  #changes = 0;

  private constructor(name: SubjectName, port: number, process: LineProcess) {
    this.name = name;
    this.port = port;
    this.#process = process;
  }

  /** Starts one that serves that; undefined where it is not installed. `admission` is for ours. */
  static async start(
    name: SubjectName,
    world: WorldSize,
    signal: AbortSignal,
    admission?: AdmissionLimit,
  ): Promise<Subject | undefined> {
    const command = name === 'ours' ? ours() : await goControlPlane(signal);
    if (command === undefined) return undefined;
    const process = await LineProcess.start(name, command, signal);
    try {
      const { port } = await process.ask<Listening>({ do: 'listen', cache: name, admission });
      const resources = name === 'ours' ? [] : resourcesOf(makeSnapshot(world));
      await process.ask({ do: 'fill', world, resources });
      return new Subject(name, port, process);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes so many changes, each to another endpoint than the one before; resolves when it has. */
  async change(count: number, perSecond?: number): Promise<void> {
    const first = this.#changes;
    this.#changes += count;
    await this.#process.ask({ do: 'change', first, count, perSecond });
  }

  /** How many changes there were. */
  get changes(): number {
    return this.#changes;
  }

  /** What it has used so far. */
  usage(): Promise<Usage> {
    return this.#process.ask<Usage>({ do: 'usage' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

function ours(): Command {
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
  const file = join(import.meta.dirname, 'ours.ts');
  return { command: process.execPath, args: ['--conditions=source', ...flags, file] };
}
