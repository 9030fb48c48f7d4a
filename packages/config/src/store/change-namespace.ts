import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { mayFollow, type TransactionOp, ZooKeeperError } from '@meshkeeper/zookeeper';
import { ConfigError } from '../config-error.ts';
import type { Digest } from '../content/chunk.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import type { NamespaceEvent, StoreContext } from './context.ts';
import { found } from './found.ts';
import { encodeMarks, type NamespaceState, readState } from './namespace-state.ts';
import type { NamespacePaths } from './paths.ts';
import { type DraftRecord, encode, type Pointer } from './records.ts';

/** What a write is to make of a namespace. What isn't said stays. */
export interface Plan<T> {
  /** What is to be there before: nobody collects it while this write may come to refer to it. */
  readonly chunks?: ReadonlyMap<Digest, Buffer> | undefined;
  readonly pointer?: Pointer | undefined;
  /** null: there is none any more. */
  readonly draft?: DraftRecord | null | undefined;
  readonly operations?: readonly TransactionOp[] | undefined;
  readonly event?: NamespaceEvent | undefined;
  /** There is nothing to be written. */
  readonly unchanged?: boolean;
  readonly result: T;
}

/** How a namespace is changed. */
export interface ChangeOptions {
  readonly ref: NamespaceRef;
  readonly signal: AbortSignal;
  /** Makes the namespace, if there is none. Default false: NOT_FOUND. */
  readonly create?: boolean;
}

/** Tries before giving up. */
const TRIES = 32;
/** After the nth try that others won, so many milliseconds more are paused, at most: by chance. */
const PAUSE = 5;
/** What a transaction fails with when somebody else was first. */
const LOST_RACE: ReadonlySet<string> = new Set(['BAD_VERSION', 'NODE_EXISTS', 'NO_NODE']);

/**
 * Changes a namespace: one transaction that is made once or not at all, whatever becomes of connections
 * and sessions. `plan` is asked again whenever others were first.
 * @throws ConfigError of the plan; NOT_FOUND; BUSY
 */
export async function changeNamespace<T>(
  context: StoreContext,
  { ref, signal, create = false }: ChangeOptions,
  plan: (state: NamespaceState, paths: NamespacePaths) => Plan<T> | Promise<Plan<T>>,
): Promise<T> {
  const { zk, paths: all, chunks } = context;
  const paths = all.namespace(ref);
  /** Transactions of which the answer was lost, by their marks. */
  const unknown = new Map<string, T>();
  for (let tries = 1; tries <= TRIES; tries++) {
    const state = await readState(zk, paths, signal);
    for (const [mark, result] of unknown) if (state?.marks.includes(mark)) return result;
    if (state === undefined || state.pointer.deleted) {
      if (!create) throw noNamespace(ref);
      await found(context, ref, signal);
      if (state !== undefined)
        await setTimeout(Math.random() * PAUSE * tries, undefined, { signal });
      continue;
    }
    let planned: Plan<T>;
    try {
      planned = await plan(state, paths);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const now = await readState(zk, paths, signal);
      if (now?.fence === state.fence) throw error;
      continue; // what was read was perhaps of different moments
    }
    if (planned.unchanged) return planned.result;
    if (planned.chunks !== undefined) await chunks.create(paths, planned.chunks, signal);
    const mark = randomBytes(9).toString('base64url');
    try {
      await zk.multi(operations(context, ref, state, planned, mark), { signal });
      return planned.result;
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (LOST_RACE.has(error.code)) {
        await setTimeout(Math.random() * PAUSE * tries, undefined, { signal });
        continue;
      }
      if (!mayFollow(zk, error)) throw error;
      unknown.set(mark, planned.result);
    }
  }
  throw new ConfigError('BUSY', `others go on changing ${refText(ref)}: try again`);
}

/** That there is no such namespace. */
export function noNamespace(ref: NamespaceRef): ConfigError {
  return new ConfigError('NOT_FOUND', `there is no namespace ${refText(ref)}`);
}

function operations<T>(
  { paths: all, now, audit }: StoreContext,
  ref: NamespaceRef,
  state: NamespaceState,
  { pointer, draft, operations: more = [], event }: Plan<T>,
  mark: string,
): TransactionOp[] {
  const paths = all.namespace(ref);
  const ops: TransactionOp[] = [
    {
      op: 'set',
      path: paths.content,
      data: encodeMarks(state.marks, mark),
      version: state.fence,
    },
    ...more,
  ];
  if (draft === null) ops.push({ op: 'delete', path: paths.draft });
  else if (draft !== undefined) {
    const data = encode('draft', draft);
    ops.push({ op: state.draft === undefined ? 'create' : 'set', path: paths.draft, data });
  }
  // Last, so that who is told of it finds all that it refers to.
  if (pointer !== undefined)
    ops.push({ op: 'set', path: paths.pointer, data: encode('pointer', pointer) });
  if (event !== undefined) ops.push(...audit({ ...event, ...ref, at: now() }));
  return ops;
}
