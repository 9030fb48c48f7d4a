import { ErrorCode, type MultiResult } from '@meshkeeper/jute';
import { validatePath } from '../path.ts';
import { ZooKeeperError } from '../zookeeper-error.ts';
import type { Calls } from './calls.ts';
import { validateNewPath } from './create.ts';
import type { CallOptions } from './options.ts';
import {
  type TransactionOp,
  type TransactionResult,
  type TransactionResults,
  toPart,
} from './transaction.ts';

export async function multi<const T extends readonly TransactionOp[]>(
  calls: Calls,
  operations: T,
  { signal }: CallOptions,
): Promise<TransactionResults<T>> {
  for (const { op, path } of operations)
    (op === 'create' ? validateNewPath : validatePath)(path, op);
  const parts = operations.map((op) => toPart(op, calls.server(op.path)));
  const results = await calls.call('multi', parts, undefined, signal);
  if (results.length !== operations.length) throw senseless('multi');
  throwFailure(operations, results);
  const told = operations.map((op, i) => resultOf(calls, op, results[i]!));
  // One result an operation, of its kind: `resultOf` sees to that, which the compiler can't follow.
  return told as unknown as TransactionResults<T>;
}

/** An answer that is well-formed, but not to what was asked. */
export function senseless(operation: string): ZooKeeperError {
  const detail = "the server's answer is not to what was asked";
  return new ZooKeeperError('MARSHALLING_ERROR', { operation, detail });
}

/** The operation to blame has a code of its own; those beside it only that they were not done. */
function throwFailure(operations: readonly TransactionOp[], results: readonly MultiResult[]): void {
  const culprit = results.findIndex(
    (result) =>
      result.op === 'error' &&
      result.err !== ErrorCode.OK &&
      result.err !== ErrorCode.RUNTIME_INCONSISTENCY,
  );
  const failed = culprit === -1 ? results.findIndex(({ op }) => op === 'error') : culprit;
  const failure = results[failed];
  if (failure?.op !== 'error') return;
  const { op, path } = operations[failed]!;
  throw ZooKeeperError.ofReply(failure.err, { operation: `multi[${failed}] ${op}`, path });
}

function resultOf(calls: Calls, { op }: TransactionOp, result: MultiResult): TransactionResult {
  if (op === 'create' && result.op === 'create2')
    return { op, path: calls.strip(result.response.path), stat: result.response.stat };
  if (op === 'set' && result.op === 'setData') return { op, stat: result.response.stat };
  if ((op === 'delete' || op === 'check') && op === result.op) return { op };
  throw senseless('multi');
}
