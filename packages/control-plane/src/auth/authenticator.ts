import { ApiError } from '../api/problem.ts';
import type { AuthConfig } from '../config/auth-schema.ts';
import { type Caller, INSECURE, LOOPBACK } from './caller.ts';
import { OidcError, OidcVerifier } from './oidc.ts';
import { TOKEN_PREFIX } from './token.ts';
import type { TokenStore } from './token-store.ts';

/** What a request shows of who sends it. */
export interface Credentials {
  /** The header, as it is. */
  readonly authorization: string | undefined;
  /** It came over loopback, and nobody has forwarded it. */
  readonly local: boolean;
}

/** How the API is told who calls. */
export interface AuthenticatorOptions {
  readonly tokens: Pick<TokenStore, 'find' | 'known'>;
  readonly auth: AuthConfig | undefined;
  /** Beyond loopback, too, nobody is asked who they are. */
  readonly insecure: boolean;
  readonly oidc?: OidcVerifier;
}

/** Says who calls. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #oidc: OidcVerifier | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const { oidc } = options.auth ?? {};
    this.#oidc = options.oidc ?? (oidc && new OidcVerifier(oidc));
  }

  /** @throws ApiError `unauthenticated`, or `zookeeper-unavailable` when tokens aren't known yet */
  async callerOf({ authorization, local }: Credentials): Promise<Caller> {
    const { auth, insecure } = this.#options;
    if (authorization !== undefined) return this.#bearer(authorization);
    if (local && auth?.loopback !== 'authenticated') return LOOPBACK;
    if (insecure && auth === undefined) return INSECURE;
    throw new ApiError('unauthenticated', 'this needs a token: send "Authorization: Bearer …"');
  }

  async #bearer(authorization: string): Promise<Caller> {
    const token = /^bearer +([\w.~+/=-]+) *$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw new ApiError('unauthenticated', 'the header has to be "Authorization: Bearer …"');
    if (token.startsWith(TOKEN_PREFIX)) return this.#token(token);
    if (this.#oidc === undefined) throw new ApiError('unauthenticated', 'the token is not valid');
    try {
      return await this.#oidc.verify(token);
    } catch (error) {
      if (!(error instanceof OidcError)) throw error;
      throw new ApiError(error.away ? 'issuer-unavailable' : 'unauthenticated', error.message);
    }
  }

  #token(token: string): Caller {
    const { tokens } = this.#options;
    const found = tokens.find(token);
    if (found !== undefined) return { kind: 'token', name: found.name, roles: found.roles };
    if (!tokens.known)
      throw new ApiError(
        'zookeeper-unavailable',
        'the tokens were not read yet: try again when ZooKeeper is there',
      );
    throw new ApiError('unauthenticated', 'the token is not valid: it was revoked, or has expired');
  }
}
