export type {
  AuthorityChange,
  CertificateAuthorityOptions,
  CertificateRequest,
  Issued,
  Resealed,
  Swept,
} from './authority-options.ts';
export { CertificateAuthority } from './certificate-authority.ts';
export { IdentityError, type IdentityErrorCode, isIdentityError } from './identity-error.ts';
export { certifiedNames, type NameSpace } from './names/dns-names.ts';
export { decodeServiceName, encodeServiceName } from './names/service-name.ts';
export {
  parseSpiffeId,
  type ServiceIdentity,
  spiffeIdOf,
  trustDomainFault,
} from './names/spiffe-id.ts';
export { noSealer, type Sealer } from './sealer.ts';
export type { Certificate, CertificateRecord } from './store/certificate-record.ts';
export type { CertificatePageOptions } from './store/certificates.ts';
export { IDENTITY_ROOT } from './store/paths.ts';
export type { StoredAuthority, Trust } from './store/trust.ts';
export { createRequest, LONGEST_REQUEST, type NewRequest } from './x509/request.ts';
export { REVOCATION_REASONS, type RevocationReason } from './x509/revocation-list.ts';
export { plainSerial } from './x509/serial.ts';
