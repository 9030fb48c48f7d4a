import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** An OpenID Connect issuer, as far as its keys go. */
export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** How often its keys were asked for. */
  readonly asked: number;
  /** It signs with a new key from now on, and knows none of the old ones. */
  rotate(): Promise<void>;
  /** It answers with errors, as long as this is so. */
  away: boolean;
  sign(claims: JWTPayload, expires?: string, kid?: string): Promise<string>;
}

/** Starts one. */
export async function startIssuer(): Promise<Issuer> {
  let number = 0;
  let key: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  let jwk: JWK;
  const state = { away: false, asked: 0 };
  const rotate = async () => {
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    jwk = { ...(await exportJWK(pair.publicKey)), kid: `key-${++number}`, alg: 'ES256' };
  };
  await rotate();
  const server = createServer((request, response) => {
    if (state.away) {
      response.writeHead(503).end();
      return;
    }
    const found = request.url === '/.well-known/openid-configuration';
    if (!found) state.asked++;
    const body = found ? { issuer: url, jwks_uri: `${url}/keys` } : { keys: [jwk] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.defineProperties(
    Object.assign(
      {},
      {
        url,
        rotate,
        sign: (claims: JWTPayload, expires = '5m', kid = jwk.kid) =>
          new SignJWT({ iss: url, aud: 'mesh', sub: 'ana', ...claims })
            .setProtectedHeader({ alg: 'ES256', ...(kid && { kid }) })
            .setExpirationTime(expires)
            .sign(key),
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      },
    ),
    {
      asked: { get: () => state.asked },
      away: {
        get: () => state.away,
        set(value: boolean) {
          state.away = value;
        },
      },
    },
  ) as unknown as Issuer; // what is defined above
}
