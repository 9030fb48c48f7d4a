import {
  type DataResult,
  dataResults,
  type MultiReadPart,
  type MultiResult,
  type Stat,
} from '@meshkeeper/jute';
import { validatePath } from '../path.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';
import type { Calls } from './calls.ts';
import { senseless } from './multi.ts';
import type { CallOptions } from './options.ts';
import { owned } from './read.ts';

/** One read of a `multiRead`. */
export interface ReadOp {
  readonly op: 'get' | 'children';
  readonly path: string;
}

/** What one read of a `multiRead` gave; each succeeds or fails by itself. */
export type ReadResult =
  | {
      readonly op: 'get';
      readonly path: string;
      readonly ok: true;
      readonly data: Buffer;
      readonly stat: Stat;
    }
  /** The protocol has no Stat here. */
  | {
      readonly op: 'children';
      readonly path: string;
      readonly ok: true;
      readonly children: readonly string[];
    }
  | {
      readonly op: 'get' | 'children';
      readonly path: string;
      readonly ok: false;
      readonly error: ZooKeeperError;
    };

/** The results of a `multiRead`, each of the kind of its read. */
export type ReadResults<T extends readonly ReadOp[]> = {
  readonly [K in keyof T]:
    | Extract<ReadResult, { readonly op: T[K]['op']; readonly ok: true }>
    | Extract<ReadResult, { readonly ok: false }>;
};

export async function multiRead<const T extends readonly ReadOp[]>(
  calls: Calls,
  reads: T,
  { signal }: CallOptions,
): Promise<ReadResults<T>> {
  for (const { op, path } of reads) validatePath(path, `multiRead ${op}`);
  const parts = reads.map(({ op, path }): MultiReadPart => {
    const request = { path: calls.server(path), watch: false };
    return { op: op === 'get' ? 'getData' : 'getChildren', request };
  });
  const answers = await calls.call('multiRead', parts, undefined, signal);
  if (answers.length !== reads.length) throw senseless('multiRead');
  const results = reads.map((read, i) => resultOf(read, answers[i]!, i));
  // One result a read, of its kind: `resultOf` sees to that, which the compiler can't follow.
  return results as unknown as ReadResults<T>;
}

/** Data of several znodes, each as it stands on the wire, or an error code. */
export async function multiReadData(
  calls: Calls,
  paths: readonly string[],
  { signal }: CallOptions,
): Promise<readonly DataResult[]> {
  const parts = paths.map((path): MultiReadPart => {
    return { op: 'getData', request: { path: calls.server(path), watch: false } };
  });
  const answers = await calls.callAs('multiRead', dataResults, parts, undefined, signal);
  if (answers.length !== paths.length) throw senseless('multiRead');
  return answers;
}

function resultOf({ op, path }: ReadOp, answer: MultiResult, index: number): ReadResult {
  if (answer.op === 'error') {
    const operation = `multiRead[${index}] ${op}`;
    return { op, path, ok: false, error: ZooKeeperError.ofReply(answer.err, { operation, path }) };
  }
  if (op === 'get' && answer.op === 'getData')
    return { op, path, ok: true, ...owned(answer.response) };
  if (op === 'children' && answer.op === 'getChildren')
    return { op, path, ok: true, children: answer.response.children };
  throw senseless('multiRead');
}
