import { span } from '../output/span.ts';
import type { Table } from '../output/table.ts';

/** A certificate, as the API shows it. */
export interface CertificateView {
  readonly serial: string;
  readonly service: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly authority: string;
  readonly notAfter: string;
  readonly state: 'valid' | 'expired' | 'revoked' | 'untrusted';
  readonly revoked?: { readonly at: string; readonly by: string; readonly reason: string };
}

/** An authority, as the API shows it. */
export interface AuthorityView {
  readonly id: string;
  readonly state: 'signing' | 'retiring';
  readonly notAfter: string;
  readonly unexpired: number;
}

/** Whom the mesh trusts, as the API shows it. */
export interface AuthoritiesView {
  readonly trustDomain: string;
  readonly authorities: readonly AuthorityView[];
}

/** How a certificate is shown in a list. */
export function certificateTable(certificates: readonly CertificateView[]): Table {
  return {
    head: ['SERIAL', 'IDENTITY', 'EXPIRES IN', 'STATE'],
    rows: certificates.map(({ serial, spiffeId, notAfter, state, revoked }) => [
      serial,
      spiffeId,
      remaining(notAfter),
      revoked === undefined ? state : `revoked (${revoked.reason})`,
    ]),
  };
}

/** How authorities are shown. */
export function authorityTable({ authorities }: AuthoritiesView): Table {
  return {
    head: ['AUTHORITY', 'STATE', 'UNEXPIRED CERTIFICATES', 'EXPIRES IN'],
    rows: authorities.map(({ id, state, unexpired, notAfter }) => [
      id,
      state,
      String(unexpired),
      remaining(notAfter),
    ]),
  };
}

function remaining(until: string): string {
  const left = Date.parse(until) - Date.now();
  return left > 0 ? span(left) : '-';
}
