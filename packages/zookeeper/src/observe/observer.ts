import type { OperationName } from '@meshkeeper/jute';
import type { SessionState } from '../session/session-state.ts';
import type { WatchEvent } from '../watches/watch-event.ts';
import type { WatchKind } from '../watches/watch-table.ts';
import type { ZooKeeperError } from '../zookeeper-error.ts';

/** A call that an observer is told of: never its data. */
export interface ObservedCall {
  /** The operation, by its name in the protocol (`setData`). */
  readonly operation: OperationName;
  /** As the client sees it; undefined for an operation without one, and for a multi. */
  readonly path: string | undefined;
}

/** How a call ended: with the server's answer, also when its caller had given up by then. */
export interface CallOutcome {
  /** From the call to its answer, in milliseconds. */
  readonly milliseconds: number;
  /** The transaction that the server had reached; undefined with an error. */
  readonly zxid: bigint | undefined;
  /** Undefined when the call went well. */
  readonly error: ZooKeeperError | undefined;
}

/** Watched paths by the lists that setWatches2 has. */
export type WatchCounts = Readonly<Record<WatchKind, number>>;

/** What an observer may ask a client at any time. */
export interface ObservedClient {
  readonly state: SessionState;
  /** Watched paths that the client knows of. */
  readonly watchCounts: WatchCounts;
}

/**
 * What sees a client at work, for metrics, spans and traces. Every method may be left out; none may
 * throw. Credentials and data are never told.
 */
export interface Observer {
  /** Once, before the first connection. */
  attached?(client: ObservedClient): void;
  /** A call begins. What is returned is called at its end. */
  call?(call: ObservedCall): ((outcome: CallOutcome) => void) | undefined;
  /** The session's state has changed. */
  state?(state: SessionState): void;
  /** A server has sent a notification; how many watches it concerns is not said. */
  notified?(event: WatchEvent): void;
}

/** Several observers as one; undefined for none, so that nobody pays for it. */
export function combined(observers: readonly Observer[]): Observer | undefined {
  if (observers.length < 2) return observers[0];
  return {
    attached(client) {
      for (const observer of observers) observer.attached?.(client);
    },
    call(call) {
      const ends = observers.map((observer) => observer.call?.(call));
      return (outcome) => {
        for (const end of ends) end?.(outcome);
      };
    },
    state(state) {
      for (const observer of observers) observer.state?.(state);
    },
    notified(event) {
      for (const observer of observers) observer.notified?.(event);
    },
  };
}
