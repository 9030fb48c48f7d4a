import { toError } from '../connection/to-error.ts';

/** Why a server could not be connected to, or was lost. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  /** `host:port`. */
  readonly server: string;

  constructor(server: string, cause: unknown) {
    super(`${server}: ${toError(cause).message}`, { cause });
    this.server = server;
  }
}
