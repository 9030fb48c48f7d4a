import { IdentityError } from '../identity-error.ts';
import { decodeServiceName, encodeServiceName } from './service-name.ts';

/** What the SPIFFE specification allows: of an ID, and of its trust domain. */
const LONGEST = 2048;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})\/service\/([^/]+)$/;

/** Who somebody is: a service of a trust domain. */
export interface ServiceIdentity {
  readonly trustDomain: string;
  readonly service: string;
}

/** Why a text can't be a trust domain, as a predicate; undefined when it can. */
export function trustDomainFault(text: string): string | undefined {
  if (TRUST_DOMAIN.test(text)) return undefined;
  return 'has to be 1 to 255 lower-case letters, digits, dots, dashes and underscores';
}

/** The URI of a trust domain itself: what its authorities bear. */
export function trustDomainUri(trustDomain: string): string {
  return `spiffe://${trustDomain}`;
}

/**
 * The SPIFFE ID of a service: `spiffe://TRUSTDOMAIN/service/NAME`, NAME by {@link encodeServiceName}.
 * @throws IdentityError NOT_VALID for a name that is empty, or too long
 */
export function spiffeIdOf({ trustDomain, service }: ServiceIdentity): string {
  if (service === '' || !service.isWellFormed())
    throw new IdentityError('NOT_VALID', 'a service needs a name, of well-formed text');
  const id = `${trustDomainUri(trustDomain)}/service/${encodeServiceName(service)}`;
  if (id.length > LONGEST)
    throw new IdentityError(
      'NOT_VALID',
      `the name of the service is too long: a SPIFFE ID has ${LONGEST} bytes at most, and its would have ${id.length}`,
    );
  return id;
}

/** The service that a SPIFFE ID is of; undefined where it is no service's. */
export function parseSpiffeId(text: string): ServiceIdentity | undefined {
  if (text.length > LONGEST) return undefined;
  const [, trustDomain, encoded] = ID.exec(text) ?? [];
  if (trustDomain === undefined || encoded === undefined) return undefined;
  const service = decodeServiceName(encoded);
  return service === undefined ? undefined : { trustDomain, service };
}
