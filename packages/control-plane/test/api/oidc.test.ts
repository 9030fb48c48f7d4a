import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { UnsecuredJWT } from 'jose';
import { OidcError, OidcVerifier } from '../../src/auth/oidc.ts';
import { authSchema } from '../../src/config/auth-schema.ts';
import { type Issuer, startIssuer } from './issuer.ts';

/** Between two questions for keys, in milliseconds. */
const COOLDOWN = 20;

describe('tokens of an OpenID Connect issuer', () => {
  let issuer: Issuer;
  const verifier = (more: object = {}) => {
    const { oidc } = authSchema.parse({
      oidc: {
        issuer: issuer.url,
        audience: 'mesh',
        claim: 'realm_access.roles',
        roles: { 'mesh-admins': ['admin'], readers: ['viewer'] },
        ...more,
      },
    });
    return new OidcVerifier(oidc!, COOLDOWN);
  };
  const grants = (...roles: string[]) => ({ realm_access: { roles } });
  const refused = (answer: Promise<unknown>, reason: RegExp, away = false) =>
    assert.rejects(answer, (error) => {
      assert.ok(error instanceof OidcError);
      assert.match(error.message, reason);
      assert.equal(error.away, away);
      return true;
    });

  before(async () => {
    issuer = await startIssuer();
  });
  after(async () => {
    await issuer?.[Symbol.asyncDispose]();
  });

  test('say who it is, and what their claim may do', async () => {
    const oidc = verifier();
    assert.deepEqual(await oidc.verify(await issuer.sign(grants('mesh-admins', 'others'))), {
      ...{ kind: 'oidc', name: 'ana', roles: ['admin'] },
    });
    assert.deepEqual((await oidc.verify(await issuer.sign(grants('constructor')))).roles, []);
    assert.deepEqual((await oidc.verify(await issuer.sign({}))).roles, []);
    const words = verifier({ claim: 'scope' });
    const token = await issuer.sign({ scope: 'openid readers' });
    assert.deepEqual((await words.verify(token)).roles, ['viewer']);
  });

  test('expired, for others, by others, without a signature or a subject: refused', async () => {
    const oidc = verifier({ clockTolerance: '5s' });
    await refused(oidc.verify(await issuer.sign({}, '-10s')), /expired/);
    await oidc.verify(await issuer.sign({}, '-2s')); // clocks differ
    await refused(oidc.verify(await issuer.sign({ aud: 'shop' })), /"aud"/);
    await refused(oidc.verify(await issuer.sign({ iss: 'https://evil.example' })), /"iss"/);
    await refused(oidc.verify(await issuer.sign({}, '5m', 'nobodys')), /key is none/);
    const claims = { iss: issuer.url, aud: 'mesh', sub: 'ana' };
    const unsigned = new UnsecuredJWT(claims).setExpirationTime('5m').encode();
    await refused(oidc.verify(unsigned), /algorithm|not valid/);
    await refused(verifier({ algorithms: ['RS256'] }).verify(await issuer.sign({})), /algorithm/);
    const [head, , signature] = (await issuer.sign({})).split('.');
    const other = (await issuer.sign({ sub: 'root' })).split('.')[1];
    await refused(oidc.verify(`${head}.${other}.${signature}`), /not valid/);
    for (const text of ['', 'a', 'a.b.c']) await refused(oidc.verify(text), /not valid/);
  });

  test('a new key is found; while the issuer is away the last known ones count', async () => {
    const oidc = verifier();
    const before = await issuer.sign({});
    await oidc.verify(before);
    await issuer.rotate();
    const after = await issuer.sign({});
    await until(() =>
      oidc.verify(after).then(
        () => true,
        () => false,
      ),
    );
    await refused(oidc.verify(before), /key is none/);
    issuer.away = true;
    try {
      await oidc.verify(after);
      await issuer.rotate();
      await refused(verifier().verify(after), /later/, true);
    } finally {
      issuer.away = false;
    }
  });
});
