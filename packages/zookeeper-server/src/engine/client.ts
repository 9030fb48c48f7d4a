import type { AuthId } from '../auth/auth-id.ts';

/** What the engine knows of a connection. The object itself stands for it in the watch table. */
export interface Client {
  /** 0 until the handshake is through. */
  readonly sessionId: bigint;
  /** Who it has shown to be; grows with every auth packet. */
  readonly ids: readonly AuthId[];
}
