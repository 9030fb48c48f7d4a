import { type ErrorContext, ZooKeeperError } from '../zookeeper-error.ts';
import type { SessionState } from './session-state.ts';

/** What a call fails with once no connection will follow. */
export function finalError(state: SessionState, context: ErrorContext): ZooKeeperError {
  if (state.type === 'closed') return new ZooKeeperError('CLOSED', context);
  if (state.type === 'auth-failed') {
    const { cause } = state;
    const detail = `the session was refused: ${cause.message}`;
    return new ZooKeeperError('AUTH_FAILED', { ...context, detail, cause });
  }
  return new ZooKeeperError('SESSION_EXPIRED', context);
}
