import { createHash, timingSafeEqual } from 'node:crypto';
import { parseDirectives, quoted } from './digest-challenge.ts';

/** What a DIGEST-MD5 exchange is made of, beside the server's challenge. */
export interface DigestInput {
  readonly username: string;
  readonly password: string;
  /** `service/host`. */
  readonly digestUri: string;
  /** Fresh for each exchange. */
  readonly cnonce: string;
}

/** What the client answers, and what the server must say to that. */
export interface DigestAnswer {
  readonly response: string;
  /** True when the server's last message proves that it knows the password too. */
  readonly isProof: (message: string) => boolean;
}

/** The first and only use of a nonce. */
const NC = '00000001';

/**
 * The client's side of DIGEST-MD5 (RFC 2831) with `qop=auth`, without an authorization id. Pure.
 * @throws Error for a challenge that can't be answered.
 */
export function answerChallenge(
  challenge: string,
  { username, password, digestUri, cnonce }: DigestInput,
): DigestAnswer {
  const directives = parseDirectives(challenge);
  const nonce = directives.get('nonce');
  if (nonce === undefined)
    throw new Error(
      'no DIGEST-MD5 challenge came: has the server a Server section in its JAAS file?',
    );
  const offered = (directives.get('qop') ?? 'auth').split(/\s*,\s*/);
  if (!offered.includes('auth'))
    throw new Error(`the server wants DIGEST-MD5 with qop ${offered}, only auth is supported`);
  const realm = directives.get('realm') ?? '';
  const secret = md5(Buffer.concat([text(username), text(`:${realm}:`), text(password)]));
  const a1 = hex(md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}`)])));
  const proof = (method: string) => {
    const a2 = hex(md5(Buffer.from(`${method}:${digestUri}`)));
    return hex(md5(Buffer.from(`${a1}:${nonce}:${NC}:${cnonce}:auth:${a2}`)));
  };
  const fields = [
    'charset=utf-8',
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `nc=${NC}`,
    `cnonce=${quoted(cnonce)}`,
    `digest-uri=${quoted(digestUri)}`,
    'maxbuf=65536',
    `response=${proof('AUTHENTICATE')}`,
    'qop=auth',
  ];
  const expected = Buffer.from(proof(''));
  const isProof = (message: string) => {
    const told = Buffer.from(parseDirectives(message).get('rspauth') ?? '');
    return told.length === expected.length && timingSafeEqual(told, expected);
  };
  return { response: fields.join(','), isProof };
}

/** As RFC 2831 hashes text: in ISO 8859-1 where that has all its characters, else in UTF-8. */
function text(value: string): Buffer {
  return Buffer.from(value, /^[\0-\xff]*$/.test(value) ? 'latin1' : 'utf8');
}

function md5(data: Buffer): Buffer {
  return createHash('md5').update(data).digest();
}

function hex(data: Buffer): string {
  return data.toString('hex');
}
