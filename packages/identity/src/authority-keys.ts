import { IdentityError } from './identity-error.ts';
import type { Sealer } from './sealer.ts';
import { type StoredAuthority, type StoredTrust, sealContext } from './store/trust.ts';
import type { NewAuthority, Signer } from './x509/authority-certificate.ts';
import { importKey } from './x509/keys.ts';
import type { Validity } from './x509/validity.ts';

/** The private keys of authorities: sealed where they are kept, opened only to sign here. */
export class AuthorityKeys {
  readonly #sealer: Sealer;
  /** By what they are sealed as: who is given another key is opened again. */
  readonly #opened = new Map<string, Promise<Signer>>();

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  /** A new authority, as it is kept. */
  async seal(
    trustDomain: string,
    { id, certificate, key }: NewAuthority,
    validity: Validity,
    { at, by }: { readonly at: number; readonly by: string },
    signal: AbortSignal,
  ): Promise<StoredAuthority> {
    const context = sealContext(trustDomain, { id, certificate });
    const sealed = await this.#sealer.seal(key, context, signal);
    return {
      ...{ id, certificate, crossSigned: {}, key: sealed.toString('base64'), ...validity },
      ...{ createdAt: at, createdBy: by },
    };
  }

  /** @throws IdentityError NO_KEY, saying which authority's */
  signer(
    { trustDomain }: StoredTrust,
    authority: StoredAuthority,
    signal: AbortSignal,
  ): Promise<Signer> {
    const known = this.#opened.get(authority.key);
    if (known !== undefined) return known;
    const opened = this.#open(trustDomain, authority, signal);
    this.#opened.set(authority.key, opened);
    opened.catch(() => this.#opened.delete(authority.key)); // tried again by the next
    return opened;
  }

  /** The same authority sealed with the current key; undefined when it is. */
  async resealed(
    { trustDomain }: StoredTrust,
    authority: StoredAuthority,
    signal: AbortSignal,
  ): Promise<StoredAuthority | undefined> {
    const sealed = Buffer.from(authority.key, 'base64');
    if (await this.#sealer.isCurrent(sealed)) return undefined;
    const context = sealContext(trustDomain, authority);
    const key = await this.#sealer.open(sealed, context, signal);
    const again = await this.#sealer.seal(key, context, signal);
    return { ...authority, key: again.toString('base64') };
  }

  /** Forgets the keys of authorities that are no more. */
  keep(authorities: readonly StoredAuthority[]): void {
    const kept = new Set(authorities.map(({ key }) => key));
    for (const key of this.#opened.keys()) if (!kept.has(key)) this.#opened.delete(key);
  }

  async #open(
    trustDomain: string,
    authority: StoredAuthority,
    signal: AbortSignal,
  ): Promise<Signer> {
    const context = sealContext(trustDomain, authority);
    const sealed = Buffer.from(authority.key, 'base64');
    try {
      const key = await importKey(await this.#sealer.open(sealed, context, signal));
      return { certificate: authority.certificate, key };
    } catch (cause) {
      if (!(cause instanceof IdentityError)) throw cause;
      throw new IdentityError(
        cause.code,
        `the key of the authority ${authority.id} can't be opened: ${cause.message}`,
        { cause },
      );
    }
  }
}
