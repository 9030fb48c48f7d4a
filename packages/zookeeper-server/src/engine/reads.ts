import {
  AddWatchMode,
  ErrorCode,
  type MultiReadPart,
  type MultiResult,
  Perms,
  type RequestOf,
  type ResponseOf,
  WatcherType,
} from '@meshkeeper/jute';
import { isAllowed, maskedAcl } from '../auth/access.ts';
import { userOf } from '../auth/auth-id.ts';
import type { WatchTable } from '../watches/watch-table.ts';
import type { Client } from './client.ts';
import type { Outcome } from './outcome.ts';
import { catchUp } from './set-watches.ts';
import type { State } from './state.ts';

/** Everything that reads may look at or set a watch in. */
export interface ReadContext<C extends Client> {
  readonly state: State;
  readonly watches: WatchTable<C>;
  readonly client: C;
}

const NO_NODE = { err: ErrorCode.NO_NODE };
const NO_AUTH = { err: ErrorCode.NO_AUTH };
const MARSHALLING_ERROR = { err: ErrorCode.MARSHALLING_ERROR };
const NO_WATCHER = { err: ErrorCode.NO_WATCHER };
const DONE = { err: ErrorCode.OK };

/** A successful outcome whose body is checked against the operation's row. */
function reply<N extends keyof typeof reads>(_: N, response: ResponseOf<N>) {
  return { err: ErrorCode.OK, response };
}

function readable(context: ReadContext<Client>, path: string, perms: number = Perms.READ) {
  const node = context.state.tree.node(path);
  if (node === undefined) return NO_NODE;
  return isAllowed(node.acl, perms, context.client.ids) ? node : NO_AUTH;
}

function isWatcherType(type: number): type is WatcherType {
  return type >= WatcherType.CHILDREN && type <= WatcherType.PERSISTENT_RECURSIVE;
}

function isAddWatchMode(mode: number): mode is AddWatchMode {
  return mode === AddWatchMode.PERSISTENT || mode === AddWatchMode.PERSISTENT_RECURSIVE;
}

/** The operations that change nothing durable, by name. */
export const reads = {
  exists<C extends Client>(context: ReadContext<C>, request: RequestOf<'exists'>): Outcome<C> {
    const { path } = request;
    if (path.includes('\0')) return { err: ErrorCode.BAD_ARGUMENTS };
    const node = readable(context, path);
    if (node === NO_AUTH) return NO_AUTH;
    if (request.watch) context.watches.watchData(path, context.client);
    return 'err' in node ? node : reply('exists', { stat: node.stat() });
  },

  getData<C extends Client>(context: ReadContext<C>, request: RequestOf<'getData'>): Outcome<C> {
    const node = readable(context, request.path);
    if ('err' in node) return node;
    if (request.watch) context.watches.watchData(request.path, context.client);
    return reply('getData', { data: node.data, stat: node.stat() });
  },

  getChildren<C extends Client>(
    context: ReadContext<C>,
    request: RequestOf<'getChildren'>,
  ): Outcome<C> {
    const node = readable(context, request.path);
    if ('err' in node) return node;
    if (request.watch) context.watches.watchChildren(request.path, context.client);
    return reply('getChildren', { children: [...node.children] });
  },

  getChildren2<C extends Client>(
    context: ReadContext<C>,
    request: RequestOf<'getChildren2'>,
  ): Outcome<C> {
    const node = readable(context, request.path);
    if ('err' in node) return node;
    if (request.watch) context.watches.watchChildren(request.path, context.client);
    return reply('getChildren2', { children: [...node.children], stat: node.stat() });
  },

  getACL<C extends Client>(context: ReadContext<C>, request: RequestOf<'getACL'>): Outcome<C> {
    const node = readable(context, request.path, Perms.READ | Perms.ADMIN);
    if ('err' in node) return node;
    const admin = isAllowed(node.acl, Perms.ADMIN, context.client.ids);
    return reply('getACL', { acl: admin ? node.acl : maskedAcl(node.acl), stat: node.stat() });
  },

  getEphemerals<C extends Client>(
    context: ReadContext<C>,
    { path }: RequestOf<'getEphemerals'>,
  ): Outcome<C> {
    const prefix = path.trim() === '/' ? '' : path.trim() && path;
    const all = [...context.state.tree.ephemeralsOf(context.client.sessionId)];
    return reply('getEphemerals', { ephemerals: all.filter((own) => own.startsWith(prefix)) });
  },

  getAllChildrenNumber<C extends Client>(
    context: ReadContext<C>,
    { path }: RequestOf<'getAllChildrenNumber'>,
  ): Outcome<C> {
    const node = readable(context, path);
    if ('err' in node) return node;
    return reply('getAllChildrenNumber', { total: context.state.tree.countBelow(path) });
  },

  multiRead<C extends Client>(
    context: ReadContext<C>,
    parts: readonly MultiReadPart[],
  ): Outcome<C> {
    const results = parts.map((part): MultiResult => {
      // The original drops the wish for a watch.
      const request = { path: part.request.path, watch: false };
      const outcome = reads[part.op](context, request);
      if (outcome.err !== ErrorCode.OK) return { op: 'error', err: outcome.err };
      // Each of the two reads above answers with its own row's response.
      return { op: part.op, response: outcome.response } as MultiResult;
    });
    return reply('multiRead', results);
  },

  sync<C extends Client>(_: ReadContext<C>, { path }: RequestOf<'sync'>): Outcome<C> {
    return reply('sync', { path });
  },

  ping<C extends Client>(_: ReadContext<C>): Outcome<C> {
    return DONE;
  },

  whoAmI<C extends Client>({ client }: ReadContext<C>): Outcome<C> {
    const clientInfo = client.ids.map((id) => ({ scheme: id.scheme, user: userOf(id) }));
    return reply('whoAmI', { clientInfo });
  },

  addWatch<C extends Client>(context: ReadContext<C>, request: RequestOf<'addWatch'>): Outcome<C> {
    if (!isAddWatchMode(request.mode)) return MARSHALLING_ERROR;
    context.watches.add(request.path, context.client, request.mode);
    return reply('addWatch', { err: 0 });
  },

  checkWatches<C extends Client>(
    { watches, client }: ReadContext<C>,
    { path, type }: RequestOf<'checkWatches'>,
  ): Outcome<C> {
    if (!isWatcherType(type)) return MARSHALLING_ERROR;
    return watches.has(path, client, type) ? DONE : NO_WATCHER;
  },

  removeWatches<C extends Client>(
    { watches, client }: ReadContext<C>,
    { path, type }: RequestOf<'removeWatches'>,
  ): Outcome<C> {
    if (!isWatcherType(type)) return MARSHALLING_ERROR;
    return watches.remove(path, client, type) ? DONE : NO_WATCHER;
  },

  setWatches<C extends Client>(
    context: ReadContext<C>,
    request: RequestOf<'setWatches'>,
  ): Outcome<C> {
    const none: readonly string[] = [];
    const events = catchUp(context, { ...request, persistent: none, persistentRecursive: none });
    return { ...DONE, events };
  },

  setWatches2<C extends Client>(
    context: ReadContext<C>,
    request: RequestOf<'setWatches2'>,
  ): Outcome<C> {
    return { ...DONE, events: catchUp(context, request) };
  },

  /** A standalone original answers the same. */
  reconfig<C extends Client>(_: ReadContext<C>): Outcome<C> {
    return { err: ErrorCode.RECONFIG_DISABLED };
  },
} as const;
