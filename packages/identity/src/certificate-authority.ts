import { AuthorityKeys } from './authority-keys.ts';
import type {
  AuthorityChange,
  CertificateAuthorityOptions,
  CertificateRequest,
  Issued,
  Resealed,
  Swept,
} from './authority-options.ts';
import { IdentityError, isIdentityError } from './identity-error.ts';
import { certifiedNames, type NameSpace } from './names/dns-names.ts';
import { spiffeIdOf, trustDomainFault } from './names/spiffe-id.ts';
import { RevocationLists } from './revocation-lists.ts';
import type { Certificate } from './store/certificate-record.ts';
import { type CertificatePageOptions, Certificates } from './store/certificates.ts';
import { IDENTITY_ROOT, Paths } from './store/paths.ts';
import { Revocations } from './store/revocations.ts';
import { MOST_AUTHORITIES, type StoredAuthority, type Trust } from './store/trust.ts';
import { TrustStore } from './store/trust-store.ts';
import { crossSign, makeAuthority } from './x509/authority-certificate.ts';
import { signLeaf } from './x509/leaf.ts';
import { readRequest } from './x509/request.ts';
import type { RevocationReason } from './x509/revocation-list.ts';
import { newSerial, plainSerial } from './x509/serial.ts';
import { validityFrom } from './x509/validity.ts';

const HOUR = 3_600_000;
const SYSTEM = 'meshkeeper';

/**
 * Certifies who services are: X.509-SVIDs of SPIFFE. All of its state is in ZooKeeper, and any number of
 * replicas are one authority.
 */
export class CertificateAuthority {
  readonly trustDomain: string;
  readonly #store: TrustStore;
  readonly #certificates: Certificates;
  readonly #revocations: Revocations;
  readonly #keys: AuthorityKeys;
  readonly #lists: RevocationLists;
  readonly #now: () => number;
  readonly #lifetime: number;
  readonly #maxLifetime: number;
  readonly #authorityLifetime: number;

  /** @throws IdentityError NOT_VALID */
  constructor(options: CertificateAuthorityOptions) {
    const { zk, sealer, root = IDENTITY_ROOT, trustDomain = 'mesh', now = Date.now } = options;
    const fault = trustDomainFault(trustDomain);
    if (fault !== undefined) throw new IdentityError('NOT_VALID', `the trust domain ${fault}`);
    const paths = new Paths(root);
    this.trustDomain = trustDomain;
    this.#store = new TrustStore(zk, paths);
    this.#certificates = new Certificates(zk, paths);
    this.#revocations = new Revocations(zk, paths, this.#certificates);
    this.#keys = new AuthorityKeys(sealer);
    this.#now = now;
    this.#lifetime = options.lifetime ?? 24 * HOUR;
    this.#maxLifetime = options.maxLifetime ?? this.#lifetime;
    this.#authorityLifetime = options.authorityLifetime ?? 365 * 24 * HOUR;
    this.#lists = new RevocationLists({
      ...{ zk, paths, keys: this.#keys, revocations: this.#revocations },
      lifetime: options.listLifetime ?? 24 * HOUR,
    });
  }

  /**
   * Issues a certificate. The first one makes the authority.
   * @throws IdentityError NOT_VALID, NO_KEY, CONFLICT, FULL
   */
  async issue(
    { service, csr, ttl = this.#lifetime, by }: CertificateRequest,
    names: NameSpace,
    signal: AbortSignal,
  ): Promise<Issued> {
    if (!(ttl >= 1000 && ttl <= this.#maxLifetime))
      throw new IdentityError(
        'NOT_VALID',
        `a certificate lasts from 1s to ${this.#maxLifetime / 1000}s here: see identity.maxLifetime of the configuration`,
      );
    const spiffeId = spiffeIdOf({ trustDomain: this.trustDomain, service });
    const { publicKey, uris, dnsNames: wanted } = await readRequest(csr);
    const foreign = uris.find((uri) => uri !== spiffeId);
    if (foreign !== undefined || uris.length > 1)
      throw new IdentityError(
        'NOT_VALID',
        `the request is for ${JSON.stringify((foreign ?? uris.join()).slice(0, 300))}: "${service}" is ${spiffeId}, and nothing else`,
      );
    const dnsNames = certifiedNames(service, wanted, names);
    for (;;) {
      const trust = await this.#signing(by, signal);
      const [authority] = trust.authorities;
      const now = this.#now();
      const validity = validityFrom(now, ttl, authority.notAfter);
      const serial = newSerial(validity.notAfter);
      const signer = await this.#keys.signer(trust, authority, signal);
      const leaf = await signLeaf(signer, { serial, spiffeId, dnsNames, publicKey, validity });
      const issued = { issuedAt: now, issuedBy: by };
      const record = { service, spiffeId, dnsNames: [...dnsNames], ...validity, ...issued };
      try {
        const certificate = await this.#certificates.add(serial, record, trust, signal);
        const chain = leaf + vouchedFor(trust, now);
        return { certificate, chain, bundle: bundleOf(trust, now) };
      } catch (error) {
        // There is another authority since: what it has not signed is given to nobody.
        if (!isIdentityError(error, 'STALE')) throw error;
        signal.throwIfAborted();
      }
    }
  }

  /**
   * A certificate that has not expired long ago.
   * @param text its serial, as anybody shows it
   * @throws IdentityError NOT_FOUND
   */
  async find(text: string, signal: AbortSignal): Promise<Certificate> {
    const serial = plainSerial(text);
    const found = await this.#certificates.find(serial, signal);
    if (found !== undefined) return found;
    throw new IdentityError('NOT_FOUND', `no certificate has the serial "${serial}"`);
  }

  /** What was issued, and is kept until it has expired. */
  list(options: CertificatePageOptions, signal: AbortSignal): Promise<readonly Certificate[]> {
    return this.#certificates.list(options, signal);
  }

  /** Has a certificate count no more. @throws IdentityError NOT_FOUND, STALE, FULL */
  revoke(
    serial: string,
    { reason, by, version }: AuthorityChange & { readonly reason: RevocationReason },
    signal: AbortSignal,
  ): Promise<Certificate> {
    return this.#revocations.add(
      plainSerial(serial),
      { at: this.#now(), by, reason },
      version,
      signal,
    );
  }

  /** Whom the mesh trusts; undefined until something was issued. @throws IdentityError CONFLICT, MALFORMED */
  async authorities(signal: AbortSignal): Promise<Trust | undefined> {
    const trust = await this.#store.read(signal);
    if (trust === undefined || trust.trustDomain === this.trustDomain) return trust;
    throw new IdentityError(
      'CONFLICT',
      `the authority in ZooKeeper is of the trust domain "${trust.trustDomain}", and the configuration says "${this.trustDomain}": identity.trustDomain stays what it was`,
    );
  }

  /** The same. @throws IdentityError NOT_FOUND until something was issued */
  async trust(signal: AbortSignal): Promise<Trust> {
    const trust = await this.authorities(signal);
    if (trust !== undefined) return trust;
    throw new IdentityError(
      'NOT_FOUND',
      'there is no authority yet: the first certificate that is issued makes it',
    );
  }

  /** How many certificates of each authority have not expired. */
  unexpired(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    return this.#certificates.unexpired(this.#now(), signal);
  }

  /** PEM of whom to trust. @throws IdentityError NOT_FOUND until something was issued */
  async bundle(signal: AbortSignal): Promise<string> {
    return bundleOf(await this.trust(signal), this.#now());
  }

  /** PEM of what was revoked, a list of each authority. @throws IdentityError NOT_FOUND, NO_KEY */
  async revocationLists(signal: AbortSignal): Promise<string> {
    return this.#lists.sign(await this.trust(signal), this.#now(), signal);
  }

  /**
   * Has another authority sign from now on. The one that did is trusted until the last of its certificates
   * has expired, or it is retired; it vouches for the other, so that who knows only the old one believes both.
   * @throws IdentityError STALE, CONFLICT where too many are trusted already, NO_KEY
   */
  async rotate({ by, version }: AuthorityChange, signal: AbortSignal): Promise<Trust> {
    const trust = await this.authorities(signal);
    checkVersion(trust, version);
    if (trust === undefined) return this.#begin(by, signal);
    const { authorities, trustDomain } = trust;
    if (authorities.length >= MOST_AUTHORITIES)
      throw new IdentityError(
        'CONFLICT',
        `${authorities.length} authorities are trusted: finish the rotations before this one`,
      );
    const [made, now] = [await this.#make(by, signal), this.#now()];
    const vouched: Record<string, string> = {};
    for (const old of authorities) {
      if (old.notAfter <= now) continue;
      const signer = await this.#keys.signer(trust, old, signal);
      vouched[old.id] = await crossSign(trustDomain, signer, made.certificate);
    }
    const [signing, ...others] = authorities;
    const next = {
      ...trust,
      authorities: [
        { ...made, crossSigned: vouched },
        { ...signing, retiringSince: now },
        ...others,
      ] satisfies [StoredAuthority, ...StoredAuthority[]],
    };
    return this.#store.change(trust, next, signal);
  }

  /**
   * Has an authority trusted no more that was rotated out: its certificates are refused by who has the new
   * bundle, and its key is gone.
   * @throws IdentityError NOT_FOUND, CONFLICT for the one that signs, STALE
   */
  async retire(id: string, { version }: AuthorityChange, signal: AbortSignal): Promise<Trust> {
    const trust = await this.trust(signal);
    checkVersion(trust, version);
    const [signing, ...others] = trust.authorities;
    if (signing.id === id)
      throw new IdentityError('CONFLICT', 'it signs: rotate first, so that another one does');
    const left = others.filter((each) => each.id !== id);
    if (left.length === others.length)
      throw new IdentityError('NOT_FOUND', `no authority that is trusted has the id "${id}"`);
    return this.#store.change(trust, { ...trust, authorities: [signing, ...left] }, signal);
  }

  /**
   * Does what time asks for, however many replicas do it at once: what has expired is removed, and so is an
   * authority that was rotated out, once nothing of its own is good any more; a new one signs in time.
   * @throws IdentityError STALE when another replica was first
   */
  async sweep(signal: AbortSignal): Promise<Swept> {
    const now = this.#now();
    const pruned = await this.#certificates.prune(now, signal);
    let trust = await this.authorities(signal);
    if (trust === undefined) return { pruned, retired: [], rotated: undefined };
    const counts = await this.unexpired(signal);
    const [signing, ...others] = trust.authorities;
    const retired = others.filter(
      ({ id, retiringSince = now, notAfter }) =>
        notAfter <= now || (!counts.get(id) && retiringSince + this.#maxLifetime <= now),
    );
    const left = others.filter((each) => !retired.includes(each));
    if (retired.length > 0)
      trust = await this.#store.change(
        trust,
        { ...trust, authorities: [signing, ...left] },
        signal,
      );
    const { version } = trust;
    trust = await this.#succeeded(trust, signal);
    const rotated = trust.version === version ? undefined : trust.authorities[0].id;
    const trusted = new Set(trust.authorities.map(({ id }) => id));
    await this.#certificates.forget(trusted, signal);
    await this.#revocations.prune(now, trusted, signal);
    this.#keys.keep(trust.authorities);
    return { pruned, retired: retired.map(({ id }) => id), rotated };
  }

  /** Seals the keys of authorities anew with the current key. @throws IdentityError NO_KEY */
  async reseal(signal: AbortSignal): Promise<Resealed> {
    for (;;) {
      const trust = await this.authorities(signal);
      if (trust === undefined) return { resealed: 0, current: 0 };
      const seal = async (each: StoredAuthority) =>
        (await this.#keys.resealed(trust, each, signal)) ?? each;
      const [signing, ...others] = trust.authorities;
      const sealed = [await seal(signing), ...(await Promise.all(others.map(seal)))] as const;
      const resealed = sealed.filter((each) => !trust.authorities.includes(each)).length;
      const done = { resealed, current: sealed.length - resealed };
      if (resealed === 0) return done;
      try {
        await this.#store.change(trust, { ...trust, authorities: [...sealed] }, signal);
        return done;
      } catch (error) {
        if (!isIdentityError(error, 'STALE')) throw error; // somebody does the same: look again
        signal.throwIfAborted();
      }
    }
  }

  /** Authorities of which the first will be good for as long as what it signs. */
  async #signing(by: string, signal: AbortSignal): Promise<Trust> {
    for (;;) {
      const trust = await this.authorities(signal);
      if (trust === undefined) return this.#begin(by, signal);
      try {
        return await this.#succeeded(trust, signal);
      } catch (error) {
        if (!isIdentityError(error, 'STALE')) throw error; // another replica was first
        signal.throwIfAborted();
      }
    }
  }

  /** Has another authority sign when it is time. @throws IdentityError STALE */
  async #succeeded(trust: Trust, signal: AbortSignal): Promise<Trust> {
    const { authorities, version } = trust;
    const left = authorities[0].notAfter - this.#now();
    if (left > Math.max(this.#maxLifetime, this.#authorityLifetime / 4)) return trust;
    if (authorities.length >= MOST_AUTHORITIES) return trust;
    return this.rotate({ by: SYSTEM, version }, signal);
  }

  async #begin(by: string, signal: AbortSignal): Promise<Trust> {
    const { trustDomain } = this;
    const first = await this.#make(by, signal);
    await this.#store.begin({ format: 1, trustDomain, authorities: [first] }, signal);
    // It may be another replica's, with another trust domain.
    return this.trust(signal);
  }

  async #make(by: string, signal: AbortSignal): Promise<StoredAuthority> {
    const { trustDomain } = this;
    const at = this.#now();
    const validity = validityFrom(at, this.#authorityLifetime);
    const made = await makeAuthority(trustDomain, validity);
    return this.#keys.seal(trustDomain, made, validity, { at, by }, signal);
  }
}

function checkVersion(trust: Trust | undefined, version: number | undefined): void {
  if (version === undefined || version === trust?.version) return;
  throw new IdentityError('STALE', 'the authorities were changed meanwhile: look at them again');
}

/**
 * The certificate of the one that signs by the oldest that is trusted: that is in each bundle that is still
 * good, whenever it was got. Not those by others besides: OpenSSL tries one, and not the next.
 */
function vouchedFor({ authorities }: Trust, now: number): string {
  const oldest = authorities.findLast(({ notAfter }) => notAfter > now);
  return (oldest && authorities[0].crossSigned[oldest.id]) ?? '';
}

function bundleOf({ authorities }: Trust, now: number): string {
  return authorities
    .filter(({ notAfter }) => notAfter > now)
    .map(({ certificate }) => certificate)
    .join('');
}
