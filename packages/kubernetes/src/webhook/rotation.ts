import { X509Certificate } from 'node:crypto';
import { type KeyPair, makeAuthority, makeServing } from './certificates.ts';

/** What the replicas share: who signs, what is trusted, and what they serve with. */
export interface ServingSecret {
  /** All authorities that may have signed what some replica serves with, as PEM, the signer first. */
  readonly trusted: string;
  readonly signer: KeyPair;
  readonly serving: KeyPair;
}

/** How long things last, in milliseconds. */
export interface Lifetimes {
  readonly authority: number;
  readonly serving: number;
  /** How long an authority is trusted after nobody should serve by it any more. */
  readonly overlap: number;
}

const DAY = 86_400_000;

export const LIFETIMES: Lifetimes = { authority: 365 * DAY, serving: 60 * DAY, overlap: 3_600_000 };

/** Something is made anew when less than this part of its life is left. */
const RENEW = 1 / 3;

/** What there is. */
export interface RotationState {
  /** Undefined when there is none, or nothing of ours in it. */
  readonly secret: ServingSecret | undefined;
  /** What the API server is told to trust, as PEM; undefined when it was told nothing. */
  readonly published: string | undefined;
  /** Names that the server is called by. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The secret as it has to be: the same object where it is good. An authority is replaced in steps, so
 * that at no moment a replica serves what the API server does not trust: the new one is published
 * beside the old, then it signs, then the old one goes. Call it again after what it gives was written
 * and published.
 */
export async function rotate(
  { secret, published, names, now }: RotationState,
  lifetimes: Lifetimes = LIFETIMES,
): Promise<ServingSecret> {
  if (secret === undefined || left(secret.signer.cert, now) <= 0) {
    const signer = await makeAuthority(now, lifetimes.authority);
    const serving = await makeServing(signer, names, now, lifetimes.serving);
    return { trusted: signer.cert, signer, serving };
  }
  const { trusted, signer, serving } = secret;
  if (left(signer.cert, now) < RENEW) {
    const next = await makeAuthority(now, lifetimes.authority);
    return { ...secret, signer: next, trusted: bundle([next.cert, ...alive(trusted, now)]) };
  }
  const isSigned = signedBy(serving.cert, signer.cert);
  const due = !isSigned || left(serving.cert, now) < RENEW || !isFor(serving.cert, names);
  if (due) {
    // What has run out is as bad as what isn't trusted.
    const canWait = isSigned || left(serving.cert, now) > 0;
    if (canWait && !isIn(signer.cert, published)) return secret;
    return { ...secret, serving: await makeServing(signer, names, now, lifetimes.serving) };
  }
  const since = now - new X509Certificate(serving.cert).validFromDate.getTime();
  if (since > lifetimes.overlap && trusted !== bundle([signer.cert]))
    return { ...secret, trusted: bundle([signer.cert]) };
  return secret;
}

/** True when it can be served with, now. */
export function isUsable({ serving }: ServingSecret, now: number): boolean {
  return left(serving.cert, now) > 0;
}

/** The certificates of a text, each as PEM. */
export function certificatesOf(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** The part of its life that a certificate has before it; negative when it has run out. */
function left(cert: string, now: number): number {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return (to - now) / (to - from);
}

function alive(trusted: string, now: number): readonly string[] {
  return certificatesOf(trusted).filter((cert) => left(cert, now) > 0);
}

function bundle(certs: readonly string[]): string {
  return certs.flatMap((cert) => certificatesOf(cert)).join('\n');
}

function isIn(cert: string, text: string | undefined): boolean {
  const { fingerprint256 } = new X509Certificate(cert);
  return certificatesOf(text ?? '').some(
    (each) => new X509Certificate(each).fingerprint256 === fingerprint256,
  );
}

function signedBy(cert: string, authority: string): boolean {
  const by = new X509Certificate(authority);
  const read = new X509Certificate(cert);
  return read.checkIssued(by) && read.verify(by.publicKey);
}

function isFor(cert: string, names: readonly string[]): boolean {
  const read = new X509Certificate(cert);
  return names.every((name) => read.checkHost(name) !== undefined);
}
