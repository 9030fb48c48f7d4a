/** Whether what the client has is current. Times are milliseconds since the epoch. */
export type XdsClientState =
  /** No control plane has answered yet. */
  | { readonly type: 'connecting' }
  /** Connected, and answered to. */
  | { readonly type: 'live'; readonly since: number }
  /** The stream broke and is retried; what was accepted last stays in force. */
  | { readonly type: 'disconnected'; readonly since: number; readonly reason: string }
  /** `close()` was called. */
  | { readonly type: 'closed' };

/** What happens to the stream. */
export type StreamEvent =
  | { readonly type: 'answered' }
  | { readonly type: 'broken'; readonly reason: string }
  | { readonly type: 'closed' };

/** The one transition function. */
export function nextState(state: XdsClientState, event: StreamEvent, now: number): XdsClientState {
  if (state.type === 'closed' || event.type === 'closed') return { type: 'closed' };
  if (event.type === 'answered')
    return state.type === 'live' ? state : { type: 'live', since: now };
  // The time is that of the loss: attempts that fail later don't move it.
  const since = state.type === 'disconnected' ? state.since : now;
  return { type: 'disconnected', since, reason: event.reason };
}
