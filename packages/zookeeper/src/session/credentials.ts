import { Xid } from '@meshkeeper/jute';
import { type Request, requestOf } from '../connection/request.ts';
import type { ZooKeeperError } from '../zookeeper-error.ts';

/** One scheme's credentials, `digest` with `user:password` for instance. */
export interface Credential {
  readonly scheme: string;
  readonly auth: Buffer;
}

/** The credentials that every connection of a session presents, in the order they were given. */
export class Credentials {
  readonly #all: Credential[] = [];

  /** Adds a credential; one that is there already is not presented twice. */
  add(credential: Credential): void {
    const { scheme, auth } = credential;
    const known = this.#all.some((other) => other.scheme === scheme && other.auth.equals(auth));
    if (!known) this.#all.push(credential);
  }

  [Symbol.iterator](): Iterator<Credential> {
    return this.#all[Symbol.iterator]();
  }
}

/** The request that presents a credential; it has a transaction id of its own. */
export function authRequest(
  { scheme, auth }: Credential,
  done: () => void,
  failed: (error: ZooKeeperError) => void,
): Request {
  const body = { type: 0, scheme, auth };
  return { ...requestOf('auth', body, undefined, done, failed), xid: Xid.AUTH };
}
