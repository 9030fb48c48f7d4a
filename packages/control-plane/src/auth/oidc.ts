import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import type { OidcConfig } from '../config/auth-schema.ts';
import type { Caller } from './caller.ts';
import type { Role } from './roles.ts';

/** Why a bearer token is not accepted. */
export class OidcError extends Error {
  override readonly name = 'OidcError';
  /** The issuer's keys can't be had: it is not known whether the token is good. */
  readonly away: boolean;

  constructor(message: string, { away = false, cause }: { away?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.away = away;
  }
}

/** Keys of an issuer are asked for again after so long, in milliseconds. */
const FRESH = 10 * 60_000;
/** Not more often than this, whatever keys tokens name. */
const COOLDOWN = 5_000;
/** While the issuer is away its keys are used so long, in milliseconds. */
const KEEP = 60 * 60_000;
/** The issuer has so long to answer, in milliseconds. */
const TIMEOUT = 5_000;

const discovered = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** Checks bearer tokens of an OpenID Connect issuer. */
export class OidcVerifier {
  readonly #config: OidcConfig;
  readonly #cooldown: number;
  #remote: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  #lastGood: { readonly keys: JWTVerifyGetKey; readonly at: number } | undefined;

  /** @param cooldown keys are not asked for more often than this, in milliseconds */
  constructor(config: OidcConfig, cooldown = COOLDOWN) {
    this.#config = config;
    this.#cooldown = cooldown;
  }

  /** Who the token says it is of. @throws OidcError */
  async verify(token: string): Promise<Caller> {
    const { issuer, audience, algorithms, clockTolerance } = this.#config;
    const options = {
      ...{ issuer, audience, algorithms },
      clockTolerance: clockTolerance / 1000,
      requiredClaims: ['sub', 'exp'],
    };
    try {
      const { payload } = await jwtVerify(token, this.#key, options);
      return this.#callerOf(payload);
    } catch (cause) {
      if (cause instanceof OidcError) throw cause;
      throw new OidcError(reasonOf(cause), { cause });
    }
  }

  readonly #key: JWTVerifyGetKey = async (header, token) => {
    try {
      this.#remote ??= this.#discover();
      const remote = await this.#remote;
      const key = await remote(header, token);
      const keys = remote.jwks();
      if (keys !== undefined) this.#lastGood = { keys: createLocalJWKSet(keys), at: Date.now() };
      return key;
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey) throw cause;
      if (cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      // What was known is used on, so that nobody is locked out by a short outage.
      if (this.#lastGood !== undefined && Date.now() - this.#lastGood.at < KEEP)
        return this.#lastGood.keys(header, token);
      throw new OidcError("the issuer's keys can not be had now: try again later", {
        away: true,
        cause,
      });
    }
  };

  async #discover(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    const { issuer, jwks } = this.#config;
    try {
      const url = jwks ?? (await jwksOf(issuer));
      return createRemoteJWKSet(new URL(url), {
        cacheMaxAge: FRESH,
        cooldownDuration: this.#cooldown,
        timeoutDuration: TIMEOUT,
      });
    } catch (error) {
      this.#remote = undefined; // asked again by the next
      throw error;
    }
  }

  #callerOf(payload: JWTPayload): Caller {
    const { claim, roles } = this.#config;
    const granted = valuesOf(payload, claim).flatMap((value) =>
      Object.hasOwn(roles, value) ? (roles[value] ?? []) : [],
    );
    return { kind: 'oidc', name: String(payload.sub), roles: [...new Set<Role>(granted)] };
  }
}

async function jwksOf(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const document = discovered.parse(await response.json());
  if (document.issuer !== issuer) throw new Error(`${url} is of ${document.issuer}`);
  return document.jwks_uri;
}

/** The texts of a claim; `realm_access.roles` is one within another. */
function valuesOf(payload: JWTPayload, claim: string): readonly string[] {
  const whole = payload[claim];
  const value =
    whole ??
    claim.split('.').reduce<unknown>((inner, part) => {
      // An object has what is asked of it, or undefined.
      return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
        ? (inner as Record<string, unknown>)[part]
        : undefined;
    }, payload);
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the token's "${error.claim}" is not what it has to be`;
  if (error instanceof errors.JWKSNoMatchingKey) return "the token's key is none of its issuer's";
  if (error instanceof errors.JOSEAlgNotAllowed) return "the token's algorithm is not allowed";
  return 'the token is not valid';
}
