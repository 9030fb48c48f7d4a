/** Where a session stands. Times are of the process's monotonic clock, in milliseconds. */
export type SessionState =
  /** Never connected yet. */
  | { readonly type: 'connecting' }
  | {
      readonly type: 'connected';
      readonly sessionId: bigint;
      /** Granted by the server, in milliseconds. */
      readonly timeout: number;
      /** `host:port` of the server. */
      readonly server: string;
      readonly readOnly: boolean;
    }
  /** The connection is away; the session may live on until `timeout` has passed. */
  | {
      readonly type: 'disconnected';
      readonly sessionId: bigint;
      readonly timeout: number;
      readonly since: number;
    }
  /** The session is gone, with its ephemerals and watches: said by a server, or by the clock. */
  | { readonly type: 'expired'; readonly sessionId: bigint }
  /** A server refused the credentials, or wants some: `cause` says which server, and why. Final. */
  | { readonly type: 'auth-failed'; readonly cause: Error }
  /** Closed by its user. Final. */
  | { readonly type: 'closed' };

/** What can happen to a session. */
export type SessionEvent =
  | {
      readonly type: 'established';
      readonly sessionId: bigint;
      readonly timeout: number;
      readonly server: string;
      readonly readOnly: boolean;
    }
  | { readonly type: 'connection-lost'; readonly at: number }
  | { readonly type: 'session-expired' }
  | { readonly type: 'auth-refused'; readonly cause: Error }
  | { readonly type: 'closed' };

/** The one place where a session's state changes. An event that means nothing in a state leaves it. */
export function transition(state: SessionState, event: SessionEvent): SessionState {
  if (state.type === 'closed' || state.type === 'auth-failed') return state;
  switch (event.type) {
    case 'established':
      return { ...event, type: 'connected' };
    case 'connection-lost':
      return state.type === 'connected'
        ? {
            type: 'disconnected',
            sessionId: state.sessionId,
            timeout: state.timeout,
            since: event.at,
          }
        : state;
    case 'session-expired':
      return state.type === 'connected' || state.type === 'disconnected'
        ? { type: 'expired', sessionId: state.sessionId }
        : state;
    case 'auth-refused':
      return { type: 'auth-failed', cause: event.cause };
    case 'closed':
      return { type: 'closed' };
  }
}
