import {
  type AnyRequest,
  ErrorCode,
  type MultiPart,
  type MultiResult,
  type Stat,
} from '@meshkeeper/jute';
import { nextSessionId } from '../sessions/session-id.ts';
import { normalParts } from '../tree/multi-parts.ts';
import {
  type Asker,
  isRefusal,
  type NodeWrite,
  prepareMulti,
  prepareWrite,
} from '../tree/prepare.ts';
import type { Change, NodeChange, Txn } from '../tree/txn.ts';
import { WatchTable } from '../watches/watch-table.ts';
import type { Client } from './client.ts';
import { EventCollector } from './event-collector.ts';
import type { Event, Outcome } from './outcome.ts';
import { type ReadContext, reads } from './reads.ts';
import type { State } from './state.ts';

/** What the engine lets clients do. */
export interface EngineOptions {
  /** Whether znodes with a time to live may be created. */
  readonly extendedTypes: boolean;
}

/** A transaction that no reply belongs to. */
export interface Applied<C> {
  readonly txn: Txn;
  readonly events: readonly Event<C>[];
}

const SERVER = 0n;
const SERVER_ID = 1;

/**
 * The server without its sockets and files: requests in, outcomes out. A write is applied at once;
 * whoever calls must not let anything out that came after it before its transaction is durable.
 */
export class Engine<C extends Client> {
  readonly state: State;
  readonly watches = new WatchTable<C>();
  readonly #options: EngineOptions;

  constructor(state: State, options: EngineOptions) {
    this.state = state;
    this.#options = options;
  }

  /** Answers one request of a session. `now` is the time that a change is stamped with. */
  process(client: C, { op, request }: AnyRequest, now: number): Outcome<C> {
    switch (op) {
      case 'create':
      case 'create2':
      case 'createContainer':
      case 'createTTL':
      case 'delete':
      case 'setData':
      case 'setACL':
        return this.#write(client, { op, request } as NodeWrite, now); // The pair is AnyRequest's.
      case 'multi':
        return this.#multi(client, request, now);
      case 'closeSession':
        return { err: ErrorCode.OK, ...this.closeSession(client.sessionId, now) };
      case 'check':
      case 'deleteContainer':
      case 'auth':
      case 'sasl':
      case 'createSession':
        return { err: ErrorCode.UNIMPLEMENTED };
      default: {
        const context = { state: this.state, watches: this.watches, client };
        // The request is the operation's own, which the compiler can't follow through the table.
        const read = reads[op] as (context: ReadContext<C>, request: unknown) => Outcome<C>;
        return read(context, request);
      }
    }
  }

  /** Opens a session with a timeout in milliseconds and its secret. */
  openSession(timeout: number, password: Buffer, now: number): Applied<C> & { id: bigint } {
    const id = nextSessionId(SERVER_ID, now, this.state.sessions.lastId);
    return { id, ...this.#apply({ type: 'createSession', timeout, password }, id, now) };
  }

  /** Ends a session, with its ephemerals. */
  closeSession(id: bigint, now: number): Applied<C> {
    const paths = [...this.state.tree.ephemeralsOf(id)];
    return this.#apply({ type: 'closeSession', paths }, id, now);
  }

  /** Deletes containers and znodes with a time to live whose time has come. */
  reap(now: number): Applied<C>[] {
    const asker = this.#asker({ sessionId: SERVER, ids: [] });
    return [...this.state.tree.reapable(now)].flatMap((path) => {
      const write = { op: 'deleteContainer', request: { path } } as const;
      const decided = prepareWrite(this.state.tree, write, asker);
      return isRefusal(decided) ? [] : [this.#apply(decided, SERVER, now)];
    });
  }

  #write(client: C, write: NodeWrite, now: number): Outcome<C> {
    const decided = prepareWrite(this.state.tree, write, this.#asker(client));
    if (isRefusal(decided)) return decided;
    const { stats, ...applied } = this.#apply(decided, client.sessionId, now);
    return { err: ErrorCode.OK, response: responseOf(decided, stats[0]), ...applied };
  }

  #multi(client: C, asked: readonly MultiPart[], now: number): Outcome<C> {
    const parts = normalParts(asked);
    if (parts === undefined) return { err: ErrorCode.MARSHALLING_ERROR };
    const changes = prepareMulti(this.state.tree, parts, this.#asker(client));
    if ('err' in changes) return { err: ErrorCode.OK, response: refused(parts, changes) };
    const multi = { type: 'multi', changes } as const;
    const { stats, ...applied } = this.#apply(multi, client.sessionId, now);
    const response = parts.map(({ op }, i): MultiResult => {
      // Each operation is answered with its own row's response.
      return { op, response: responseOf(changes[i]!, stats[i]) } as MultiResult;
    });
    return { err: ErrorCode.OK, response, ...applied };
  }

  #apply(change: Change, sessionId: bigint, now: number) {
    const txn = this.state.txn(change, sessionId, now);
    const collector = new EventCollector(this.watches, txn.zxid);
    const stats = this.state.apply(txn, collector);
    return { txn, stats, events: collector.events };
  }

  #asker(client: Client): Asker {
    const { extendedTypes } = this.#options;
    return { sessionId: client.sessionId, ids: client.ids, extendedTypes };
  }
}

function responseOf(change: NodeChange, stat: Stat | undefined): unknown {
  return change.type === 'create' ? { path: change.path, stat } : { stat };
}

/** A multi that failed: every part is answered with an error. */
function refused(
  parts: readonly MultiPart[],
  { err, at }: { err: number; at: number },
): MultiResult[] {
  return parts.map((_, i) => {
    const after = i > at ? ErrorCode.RUNTIME_INCONSISTENCY : ErrorCode.OK;
    return { op: 'error', err: i === at ? err : after };
  });
}
