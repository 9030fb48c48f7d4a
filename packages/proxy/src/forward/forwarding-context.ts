import type { Hash64 } from '@meshkeeper/mesh';
import type { RequestView } from '../config/request-view.ts';
import type { ForwardAction } from '../config/route-action.ts';
import type { ClientStream } from '../listen/client-stream.ts';
import type { ProxyObserver } from '../observer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { OutgoingHead } from '../upstream/stream.ts';
import type { Mirror } from './mirror.ts';
import type { ResponseEdit } from './reply.ts';

/** What a forwarding works with. Times in milliseconds, 0 for no limit. */
export interface ForwardingContext {
  readonly client: ClientStream;
  /** The head for the endpoint. */
  readonly head: OutgoingHead;
  readonly action: ForwardAction;
  readonly cluster: Cluster;
  /** What balancers that hash go by. */
  readonly hash: Hash64 | undefined;
  /** Of silence. */
  readonly idleTimeout: number;
  /** Of receiving the whole request. */
  readonly requestTimeout: number;
  /** Of all that is left to do. */
  readonly duration: number;
  /** Copies that go elsewhere. */
  readonly mirrors: readonly Mirror[];
  /** What is done to the response's fields; undefined for nothing. */
  readonly edits: readonly ResponseEdit[] | undefined;
  /** How fast the response's body may be; undefined for no limit. */
  readonly bytesPerSecond: number | undefined;
  readonly view: RequestView;
  /** When the request came, by {@link now}. */
  readonly arrived: number;
  readonly observer: ProxyObserver;
  readonly random: () => number;
  readonly now: () => number;
  /** True when connections must not be kept for another request. */
  readonly draining: () => boolean;
}
