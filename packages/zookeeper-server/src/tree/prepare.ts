import { CreateMode, ErrorCode, type MultiPart, Perms, type RequestOf } from '@meshkeeper/jute';
import { isAllowed, storedAcl } from '../auth/access.ts';
import type { AuthId } from '../auth/auth-id.ts';
import type { TreeView } from './node-view.ts';
import { CONTAINER_OWNER, isEphemeral, MAX_TTL, ttlOwner } from './owner.ts';
import { hasParent, isValidPath, parentOf, sequenceSuffix } from './path.ts';
import { PendingView } from './pending-view.ts';
import { SPECIAL_PATHS } from './special-paths.ts';
import type { NodeChange } from './txn.ts';

/** Who asks, and what this server allows. */
export interface Asker {
  readonly sessionId: bigint;
  readonly ids: readonly AuthId[];
  /** Whether znodes with a time to live may be created. */
  readonly extendedTypes: boolean;
}

/** A request is refused with a code of `ErrorCode`. */
export interface Refusal {
  readonly err: number;
}

/** A write to one znode, by itself or as a part of a multi. */
export type NodeWrite =
  | MultiPart
  | { readonly op: 'setACL'; readonly request: RequestOf<'setACL'> }
  | { readonly op: 'deleteContainer'; readonly request: RequestOf<'deleteContainer'> };

type Create = RequestOf<'create'> & { readonly ttl: bigint };

function refuse(name: keyof typeof ErrorCode): Refusal {
  return { err: ErrorCode[name] };
}

/** Whether something was refused rather than decided. */
export function isRefusal(decided: object): decided is Refusal {
  return 'err' in decided;
}

/** The version after a change, or undefined if the client expected another one. */
function next(current: number, expected: number): number | undefined {
  return expected === -1 || expected === current ? (current + 1) | 0 : undefined;
}

const EPHEMERAL_MODES: ReadonlySet<number> = new Set([
  CreateMode.EPHEMERAL,
  CreateMode.EPHEMERAL_SEQUENTIAL,
]);
const SEQUENTIAL_MODES: ReadonlySet<number> = new Set([
  CreateMode.PERSISTENT_SEQUENTIAL,
  CreateMode.EPHEMERAL_SEQUENTIAL,
  CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL,
]);
const TTL_MODES: ReadonlySet<number> = new Set([
  CreateMode.PERSISTENT_WITH_TTL,
  CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL,
]);
const LAST_MODE = CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL;

/** The stored owner follows from the operation for containers and TTL, else from the flags. */
function ownerFor(op: string, create: Create, asker: Asker): bigint {
  if (op === 'createContainer') return CONTAINER_OWNER;
  if (op === 'createTTL') return ttlOwner(Number(create.ttl));
  return EPHEMERAL_MODES.has(create.flags) ? asker.sessionId : 0n;
}

// The order of the checks below is the original's: it decides which of several errors is answered.

function prepareCreate(view: TreeView, op: string, create: Create, asker: Asker) {
  const { flags, ttl } = create;
  if (flags < 0 || flags > LAST_MODE) return refuse('BAD_ARGUMENTS');
  const withTtl = TTL_MODES.has(flags);
  if (withTtl && !asker.extendedTypes) return refuse('UNIMPLEMENTED');
  if (withTtl !== (op === 'createTTL')) return refuse('BAD_ARGUMENTS');
  if (withTtl && (ttl <= 0n || ttl > BigInt(MAX_TTL))) return refuse('BAD_ARGUMENTS');
  if (!hasParent(create.path)) return refuse('BAD_ARGUMENTS');
  const acl = storedAcl(create.acl, asker.ids);
  if (acl === undefined) return refuse('INVALID_ACL');
  const parent = view.node(parentOf(create.path));
  if (parent === undefined) return refuse('NO_NODE');
  if (!isAllowed(parent.acl, Perms.CREATE, asker.ids)) return refuse('NO_AUTH');
  const suffix = SEQUENTIAL_MODES.has(flags) ? sequenceSuffix(parent.cversion) : '';
  const path = create.path + suffix;
  if (!isValidPath(path)) return refuse('BAD_ARGUMENTS');
  if (view.node(path) !== undefined) return refuse('NODE_EXISTS');
  if (isEphemeral(parent.owner)) return refuse('NO_CHILDREN_FOR_EPHEMERALS');
  const parentCversion = (parent.cversion + 1) | 0;
  const owner = ownerFor(op, create, asker);
  return { type: 'create', path, data: create.data, acl, owner, parentCversion } as const;
}

function prepareDelete(view: TreeView, { path, version }: RequestOf<'delete'>, asker: Asker) {
  if (!hasParent(path) || SPECIAL_PATHS.has(path)) return refuse('BAD_ARGUMENTS');
  const parent = view.node(parentOf(path));
  if (parent === undefined) return refuse('NO_NODE');
  if (!isAllowed(parent.acl, Perms.DELETE, asker.ids)) return refuse('NO_AUTH');
  const node = view.node(path);
  if (node === undefined) return refuse('NO_NODE');
  if (next(node.version, version) === undefined) return refuse('BAD_VERSION');
  if (node.childCount > 0) return refuse('NOT_EMPTY');
  return { type: 'delete', path } as const;
}

function prepareDeleteContainer(view: TreeView, { path }: RequestOf<'deleteContainer'>) {
  if (!hasParent(path) || SPECIAL_PATHS.has(path)) return refuse('BAD_ARGUMENTS');
  const node = view.node(path);
  if (node === undefined) return refuse('NO_NODE');
  if (node.childCount > 0) return refuse('NOT_EMPTY');
  if (isEphemeral(node.owner)) return refuse('BAD_VERSION');
  return { type: 'delete', path } as const;
}

function prepareSetData(view: TreeView, request: RequestOf<'setData'>, asker: Asker) {
  const { path, data } = request;
  if (!isValidPath(path)) return refuse('BAD_ARGUMENTS');
  const node = view.node(path);
  if (node === undefined) return refuse('NO_NODE');
  if (!isAllowed(node.acl, Perms.WRITE, asker.ids)) return refuse('NO_AUTH');
  const version = next(node.version, request.version);
  if (version === undefined) return refuse('BAD_VERSION');
  return { type: 'setData', path, data, version } as const;
}

function prepareSetAcl(view: TreeView, request: RequestOf<'setACL'>, asker: Asker) {
  const { path } = request;
  if (!isValidPath(path)) return refuse('BAD_ARGUMENTS');
  const acl = storedAcl(request.acl, asker.ids);
  if (acl === undefined) return refuse('INVALID_ACL');
  const node = view.node(path);
  if (node === undefined) return refuse('NO_NODE');
  if (!isAllowed(node.acl, Perms.ADMIN, asker.ids)) return refuse('NO_AUTH');
  const version = next(node.aversion, request.version);
  if (version === undefined) return refuse('BAD_VERSION');
  return { type: 'setACL', path, acl, version } as const;
}

function prepareCheck(view: TreeView, { path, version }: RequestOf<'check'>, asker: Asker) {
  if (!isValidPath(path)) return refuse('BAD_ARGUMENTS');
  const node = view.node(path);
  if (node === undefined) return refuse('NO_NODE');
  if (!isAllowed(node.acl, Perms.READ, asker.ids)) return refuse('NO_AUTH');
  if (next(node.version, version) === undefined) return refuse('BAD_VERSION');
  return { type: 'check', path } as const;
}

/** Decides about a write to one znode: what it changes, or why it must not. Changes nothing. */
export function prepareWrite(view: TreeView, write: NodeWrite, asker: Asker): NodeChange | Refusal {
  switch (write.op) {
    case 'create':
    case 'create2':
    case 'createContainer':
      return prepareCreate(view, write.op, { ...write.request, ttl: -1n }, asker);
    case 'createTTL':
      return prepareCreate(view, write.op, write.request, asker);
    case 'delete':
      return prepareDelete(view, write.request, asker);
    case 'deleteContainer':
      return prepareDeleteContainer(view, write.request);
    case 'setData':
      return prepareSetData(view, write.request, asker);
    case 'setACL':
      return prepareSetAcl(view, write.request, asker);
    case 'check':
      return prepareCheck(view, write.request, asker);
  }
}

/** A multi is refused as a whole: `at` is the part to blame. */
export interface MultiRefusal extends Refusal {
  readonly at: number;
}

/** Decides about all parts of a multi, each on what those before it will have changed. */
export function prepareMulti(
  tree: TreeView,
  parts: readonly MultiPart[],
  asker: Asker,
): readonly NodeChange[] | MultiRefusal {
  const view = new PendingView(tree);
  const changes: NodeChange[] = [];
  for (const [at, part] of parts.entries()) {
    const decided = prepareWrite(view, part, asker);
    if (isRefusal(decided)) return { err: decided.err, at };
    view.note(decided);
    changes.push(decided);
  }
  return changes;
}
