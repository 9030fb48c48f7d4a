import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from '@meshkeeper/zookeeper';
import { ControlPlaneError } from '../control-plane-error.ts';
import { decodeLine, encodeLine } from '../journal/checked-line.ts';
import type { PolicyList } from './policy-tree.ts';
import { encodePolicy, parsePolicy, type StoredPolicy } from './stored-policy.ts';

/** What policies were when this machine's control plane read them last. */
export type LastKnown =
  | { readonly type: 'known'; readonly list: PolicyList }
  /** None were ever read. */
  | { readonly type: 'none' }
  /** They were, and what they were can't be told any more, or they are another ensemble's. */
  | { readonly type: 'lost' };

/** What keeps the policies on disk takes. */
export interface LastKnownOptions {
  readonly dataDir: string;
  /** Where the policies are read from: what was kept of another place is not used. */
  readonly identity: string;
  /** Of the source whose they are. Default: those that operators have applied. */
  readonly source?: string;
  readonly logger: Logger;
}

/** A line of the file, beside those of the policies. */
interface Begin {
  readonly identity: string;
  readonly revision: number;
  readonly policies: number;
}

/** Until a disk that failed is tried again, in milliseconds. */
const RETRY = 30_000;
/** Policies written in one turn of the event loop. */
const SLICE = 50;

/**
 * The policies on disk, for a start while ZooKeeper is away. Nothing waits for it: the newest list is
 * written beside. Every line has a checksum; the file before is kept, should the last be damaged.
 */
export class LastKnownPolicies implements AsyncDisposable {
  readonly #options: LastKnownOptions;
  readonly #path: string;
  #waiting: PolicyList | undefined;
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: LastKnownOptions, path: string) {
    this.#options = options;
    this.#path = path;
  }

  /**
   * Reads what was kept.
   * @throws ControlPlaneError DATA_DIR when the folder can't be used
   */
  static async open(
    options: LastKnownOptions,
  ): Promise<{ readonly keeper: LastKnownPolicies; readonly last: LastKnown }> {
    const folder = join(options.dataDir, 'policies');
    const { source } = options;
    const path = join(folder, source === undefined ? 'policies.last' : `source-${source}.last`);
    try {
      await mkdir(folder, { recursive: true });
      return { keeper: new LastKnownPolicies(options, path), last: await readLast(path, options) };
    } catch (cause) {
      throw new ControlPlaneError(
        'DATA_DIR',
        `the policies can't be kept in ${folder}: ${String(cause)}; make the folder writable, or name another with controlPlane.dataDir`,
        { cause },
      );
    }
  }

  /** Keeps these instead. */
  keep(list: PolicyList): void {
    this.#waiting = list;
    this.#write();
  }

  /** Waits until all of it is on disk, or can't be. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    while (this.#writing !== undefined) await this.#writing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #write(): void {
    if (this.#writing !== undefined || this.#waiting === undefined) return;
    clearTimeout(this.#retry);
    const list = this.#waiting;
    this.#waiting = undefined;
    this.#writing = this.#put(list)
      .catch((err) => {
        this.#options.logger.warn(
          { err, file: this.#path },
          'the policies can not be kept on disk',
        );
        this.#waiting ??= list;
        if (!this.#closed) this.#retry = setTimeout(() => this.#write(), RETRY).unref();
        return true;
      })
      .then((failed) => {
        this.#writing = undefined;
        if (failed !== true) this.#write();
      });
  }

  async #put({ revision, policies }: PolicyList): Promise<void> {
    const { identity } = this.#options;
    const unfinished = `${this.#path}.new`;
    const file = await open(unfinished, 'w');
    try {
      const begin: Begin = { identity, revision, policies: policies.length };
      let slice = encodeLine(JSON.stringify(begin));
      for (const [i, stored] of policies.entries()) {
        slice += encodeLine(encodePolicy(stored));
        if ((i + 1) % SLICE !== 0) continue;
        await file.appendFile(slice);
        slice = '';
        await turn();
      }
      await file.appendFile(slice);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(this.#path, `${this.#path}.before`).catch(() => {}); // there may be none yet
    await rename(unfinished, this.#path);
  }
}

async function readLast(path: string, { identity, logger }: LastKnownOptions): Promise<LastKnown> {
  let found = false;
  for (const file of [path, `${path}.before`]) {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
      throw error;
    }
    found = true;
    const lines = text.split('\n').slice(0, -1).map(decodeLine);
    const [first, ...policies] = lines.filter((line) => line !== undefined);
    // What has its checksum was written by `#put`.
    const begin = lines[0] === undefined ? undefined : (JSON.parse(first!) as Begin);
    if (begin === undefined || policies.length !== begin.policies) {
      logger.warn({ file }, 'the policies on disk are damaged');
      continue;
    }
    if (begin.identity !== identity) return { type: 'lost' };
    const { revision } = begin;
    const list = {
      revision,
      policies: policies.flatMap((line) => read(line, logger)),
      problems: [],
    };
    return { type: 'known', list };
  }
  return { type: found ? 'lost' : 'none' };
}

/** A policy of a file, which another version may have written. */
function read(line: string, logger: Logger): readonly StoredPolicy[] {
  const result = parsePolicy(Buffer.from(line));
  if ('stored' in result) return [result.stored];
  logger.warn(result, 'a policy on disk can not be used');
  return [];
}
