import type { Certificate, Trust } from '@meshkeeper/identity';
import { timeView } from './proxy-views.ts';

/** A certificate, as the API shows it. @param trusted the ids of authorities */
export function certificateView(
  certificate: Certificate,
  trusted: ReadonlySet<string>,
  now: number,
) {
  const { serial, service, spiffeId, dnsNames, authority, issuedBy, revoked } = certificate;
  return {
    ...{ serial, service, spiffeId, dnsNames, authority },
    notBefore: timeView(certificate.notBefore),
    notAfter: timeView(certificate.notAfter),
    issuedAt: timeView(certificate.issuedAt),
    issuedBy,
    state: stateOf(certificate, trusted, now),
    ...(revoked && { revoked: { ...revoked, at: timeView(revoked.at) } }),
  };
}

function stateOf(
  { revoked, notAfter, authority }: Certificate,
  trusted: ReadonlySet<string>,
  now: number,
): 'valid' | 'expired' | 'revoked' | 'untrusted' {
  if (revoked !== undefined) return 'revoked';
  if (notAfter <= now) return 'expired';
  return trusted.has(authority) ? 'valid' : 'untrusted';
}

/** Whom the mesh trusts, as the API shows it. @param unexpired certificates of each */
export function authoritiesView(
  { trustDomain, authorities }: Trust,
  unexpired: ReadonlyMap<string, number>,
) {
  return {
    trustDomain,
    authorities: authorities.map(
      ({ id, certificate, notBefore, notAfter, createdAt, createdBy, retiringSince }) => ({
        id,
        state: retiringSince === undefined ? ('signing' as const) : ('retiring' as const),
        ...{ notBefore: timeView(notBefore), notAfter: timeView(notAfter) },
        ...{ createdAt: timeView(createdAt), createdBy },
        ...(retiringSince !== undefined && { retiringSince: timeView(retiringSince) }),
        ...{ unexpired: unexpired.get(id) ?? 0, certificate },
      }),
    ),
  };
}

/** The ids of whom the mesh trusts. */
export function trustedIds(trust: Trust | undefined): ReadonlySet<string> {
  return new Set(trust?.authorities.map(({ id }) => id));
}
