import { X509Certificate } from 'node:crypto';
import { at, textAt } from '../json-path.ts';
import type { Table } from '../table.ts';
import type { ResourceView } from './view.ts';

/** A row each secret: of a certificate until when it is valid, never its key. */
export function secretsTable(resources: readonly ResourceView[]): Table {
  return {
    head: ['NAME', 'KIND', 'VALID UNTIL', 'STATUS'],
    rows: resources.map(({ name, status, resource }) => {
      const own = at(resource, 'tls_certificate', 'certificate_chain');
      const trusted = at(resource, 'validation_context', 'trusted_ca');
      const kind = own !== undefined ? 'certificate' : trusted !== undefined ? 'authorities' : '-';
      return [name, kind, validUntil(own ?? trusted), status];
    }),
  };
}

/** Until when the first certificate of a data source is valid. */
function validUntil(source: unknown): string {
  const bytes = textAt(source, 'inline_bytes');
  const pem = textAt(source, 'inline_string') ?? (bytes && Buffer.from(bytes, 'base64').toString());
  try {
    return pem ? new X509Certificate(pem).validToDate.toISOString() : '-';
  } catch {
    return 'not readable';
  }
}
