import { IdentityError } from './identity-error.ts';

/**
 * What keeps authorities' keys from those who can read ZooKeeper: it encrypts them, each bound to a
 * context, with a key that is not there.
 */
export interface Sealer {
  /** @throws IdentityError NO_KEY */
  seal(plain: Buffer, context: string, signal: AbortSignal): Promise<Buffer>;
  /** @throws IdentityError NO_KEY when the key isn't here, it was changed, or belongs elsewhere */
  open(sealed: Buffer, context: string, signal: AbortSignal): Promise<Buffer>;
  /** False of what should be sealed again, since there is a newer key. */
  isCurrent(sealed: Buffer): Promise<boolean>;
}

/** Without a key nothing is sealed, and so nothing is signed. @param what to set */
export function noSealer(what: string): Sealer {
  const refuse = async (): Promise<never> => {
    throw new IdentityError('NO_KEY', what);
  };
  return { seal: refuse, open: refuse, isCurrent: async () => true };
}
