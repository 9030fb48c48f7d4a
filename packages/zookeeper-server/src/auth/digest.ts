import { createHash } from 'node:crypto';
import type { AuthId } from './auth-id.ts';

/** `user:base64(SHA1("user:password"))`: how the digest scheme names whoever knows the password. */
export function digestOf(credentials: string): string {
  const user = credentials.split(':', 1)[0] ?? '';
  return `${user}:${createHash('sha1').update(credentials, 'utf8').digest('base64')}`;
}

/** The ids that `user:password` earns; `super` among them if it is the administrator's. */
export function digestIds(credentials: Buffer, superDigest: string | undefined): AuthId[] {
  const id = digestOf(credentials.toString('utf8'));
  const digest = { scheme: 'digest', id };
  return id === superDigest ? [{ scheme: 'super', id: '' }, digest] : [digest];
}

/** Whether an ACL may name this id in the digest scheme: exactly one colon. */
export function isDigestId(id: string): boolean {
  // As Java's split: empty strings at the end don't count.
  return id.replace(/:+$/, '').split(':').length === 2;
}
