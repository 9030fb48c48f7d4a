import { webcrypto } from 'node:crypto';
import {
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  type PublicKey,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { IdentityError } from '../identity-error.ts';
import { ALGORITHM, generateKeys, keyPem } from './keys.ts';

/** A request, and the key that it is for, which never leaves whoever made it. */
export interface NewRequest {
  /** PEM. */
  readonly csr: string;
  /** PEM. */
  readonly key: string;
}

/** What somebody asks for who has shown that the key is theirs. */
export interface ReadRequest {
  readonly publicKey: PublicKey;
  /** As it is stated; none where nothing is. */
  readonly uris: readonly string[];
  /** In lower case. */
  readonly dnsNames: readonly string[];
}

/** Characters of a request, at most: one of RSA with some names has 2,000. */
export const LONGEST_REQUEST = 16 * 1024;
const PEM =
  /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;
const CURVES: readonly unknown[] = ['P-256', 'P-384'];
const RSA_BITS = { least: 2048, most: 4096 } as const;

/** Makes a key, and a request for a certificate for it. @param dnsNames besides those that the service has */
export async function createRequest(dnsNames: readonly string[] = []): Promise<NewRequest> {
  const keys = await generateKeys();
  const names = dnsNames.map((value) => ({ type: 'dns' as const, value }));
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
    },
    webcrypto,
  );
  return { csr: `${request.toString('pem')}\n`, key: await keyPem(keys) };
}

/**
 * Reads a request; who has sent it has the key: they have signed it.
 * @param text PEM
 * @throws IdentityError NOT_VALID
 */
export async function readRequest(text: string): Promise<ReadRequest> {
  const { request, names, publicKey, fault } = parsed(text);
  if (fault !== undefined) throw new IdentityError('NOT_VALID', fault);
  // A signature that can't even be looked at is no better than a wrong one.
  if (!(await request.verify(webcrypto).catch(() => false)))
    throw new IdentityError(
      'NOT_VALID',
      'the request is not signed with the key that it is for: make it anew, with that key',
    );
  const of = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value);
  const other = names.find(({ type }) => type !== 'url' && type !== 'dns');
  if (other !== undefined)
    throw new IdentityError(
      'NOT_VALID',
      `the request asks for ${JSON.stringify(other.value.slice(0, 100))} (${other.type}): only DNS names and the SPIFFE ID are certified`,
    );
  return { publicKey, uris: of('url'), dnsNames: of('dns').map((name) => name.toLowerCase()) };
}

function parsed(text: string) {
  const [, base64] = text.length <= LONGEST_REQUEST ? (PEM.exec(text) ?? []) : [];
  if (base64 === undefined)
    throw new IdentityError(
      'NOT_VALID',
      `a request is one PEM block "CERTIFICATE REQUEST", of ${LONGEST_REQUEST} characters at most`,
    );
  try {
    const request = new Pkcs10CertificateRequest(Buffer.from(base64, 'base64'));
    // A plain list: that of the library is of a class of its own, and so is all that is made of it.
    const names = [...request.extensions]
      .filter((extension) => extension instanceof SubjectAlternativeNameExtension)
      .flatMap((extension) => extension.names.items);
    // The key is only looked at when it is asked for: that fails here, too.
    const { publicKey } = request;
    return { request, names, publicKey, fault: keyFault(publicKey) };
  } catch (cause) {
    throw new IdentityError('NOT_VALID', 'the request can not be read: it is no PKCS #10', {
      cause,
    });
  }
}

function keyFault({ algorithm }: PublicKey): string | undefined {
  // What further members an algorithm has depends on which it is.
  const { name, namedCurve, modulusLength } = algorithm as {
    readonly name: string;
    readonly namedCurve?: unknown;
    readonly modulusLength?: unknown;
  };
  if (name === 'ECDSA' && CURVES.includes(namedCurve)) return undefined;
  const { least, most } = RSA_BITS;
  if (name.startsWith('RSA') && Number(modulusLength) >= least && Number(modulusLength) <= most)
    return undefined;
  return `the request's key has to be of ECDSA with P-256 or P-384, or of RSA with ${least} to ${most} bits`;
}
