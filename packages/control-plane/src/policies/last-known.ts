import type { Logger } from '@meshkeeper/zookeeper';
import { LastKnownFile } from '../last-known/last-known-file.ts';
import { NewestWriter } from '../last-known/newest-writer.ts';
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

const WHAT = 'the policies';

/**
 * The policies on disk, for a start while ZooKeeper is away. Nothing waits for it: the newest list is
 * written beside. The file before is kept, should the last be damaged.
 */
export class LastKnownPolicies implements AsyncDisposable {
  readonly #identity: string;
  readonly #writer: NewestWriter;

  private constructor({ identity, logger }: LastKnownOptions, file: LastKnownFile) {
    this.#identity = identity;
    this.#writer = new NewestWriter(file, WHAT, logger);
  }

  /**
   * Reads what was kept.
   * @throws ControlPlaneError DATA_DIR when the folder can't be used
   */
  static async open(
    options: LastKnownOptions,
  ): Promise<{ readonly keeper: LastKnownPolicies; readonly last: LastKnown }> {
    const { dataDir, source } = options;
    const name = source === undefined ? 'policies.last' : `source-${source}.last`;
    const place = { dataDir, folder: 'policies', name, what: WHAT, before: true };
    const { file, last } = await LastKnownFile.open(place, (each) => readLast(each, options));
    return { keeper: new LastKnownPolicies(options, file), last };
  }

  /** Keeps these instead. */
  keep(list: PolicyList): void {
    const identity = this.#identity;
    this.#writer.keep({ [Symbol.iterator]: () => linesOf(identity, list) });
  }

  /** Waits until all of it is on disk, or can't be. Idempotent. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function* linesOf(identity: string, { revision, policies }: PolicyList): Generator<string> {
  const begin: Begin = { identity, revision, policies: policies.length };
  yield JSON.stringify(begin);
  for (const stored of policies) yield encodePolicy(stored);
}

async function readLast(
  file: LastKnownFile,
  { identity, logger }: LastKnownOptions,
): Promise<LastKnown> {
  let found = false;
  for await (const { path, lines } of file.versions()) {
    found = true;
    const [first, ...policies] = lines.filter((line) => line !== undefined);
    // What has its checksum was written by `linesOf`.
    const begin = lines[0] === undefined ? undefined : (JSON.parse(first!) as Begin);
    if (begin === undefined || policies.length !== begin.policies) {
      logger.warn({ file: path }, 'the policies on disk are damaged');
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
