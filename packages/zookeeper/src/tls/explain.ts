import { toError } from '../connection/to-error.ts';

/** What to do about TLS's own complaints, by their codes. */
const advice: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another name: correct the connect string, or give tls.servername",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority is not known: give it as tls.ca or tls.caFile',
  UNABLE_TO_GET_ISSUER_CERT: 'the authority is not known: give it as tls.ca or tls.caFile',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority is not known: give it as tls.ca or tls.caFile',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority is not known: give it as tls.ca or tls.caFile',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "the server's certificate is its own authority: give it as tls.ca or tls.caFile",
  CERT_SIGNATURE_FAILURE: 'another authority of the same name has signed it: correct tls.ca',
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS: is it the secureClientPort?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the port does not speak TLS: is it the secureClientPort?',
};

/** Hung up before a word of TLS. */
const noTls = /before secure TLS connection/;

/** A server that does not say what it misses just hangs up, or sends an alert. */
const hangUp = /alert|closed the connection|disconnected|ECONNRESET|EPIPE/i;

/**
 * An error of a TLS connection with what to do about it. `certificate`: whether the client has one to
 * show, as far as that is known.
 */
export function explainTls(error: unknown, certificate: boolean | undefined): Error {
  const cause = toError(error);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const said = noTls.test(cause.message) ? advice.ERR_SSL_WRONG_VERSION_NUMBER : advice[code];
  const told = said ?? (hangUp.test(cause.message) ? refusal(certificate) : undefined);
  return told === undefined ? cause : new Error(`${told} (${cause.message})`, { cause });
}

function refusal(certificate: boolean | undefined): string {
  return certificate === false
    ? 'the server may want a client certificate: give tls.cert and tls.key, or tls.certFile and tls.keyFile'
    : "the server ended the TLS connection: does it know the authority of the client's certificate?";
}
