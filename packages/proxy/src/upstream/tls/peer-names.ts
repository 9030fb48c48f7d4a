import type { NameKind } from '../../config/upstream-tls.ts';

/** A name that a certificate has for its owner. */
export interface PeerName {
  readonly kind: NameKind;
  readonly name: string;
}

const ENTRY = /(?:^|, )(DNS|URI|IP Address|email):("(?:[^"\\]|\\.)*"|[^,]*)/g;

/**
 * The alternative names of a certificate, of Node's text for them. A name with something in it that
 * could be taken for another name comes in quotes.
 */
export function peerNames(text: string): PeerName[] {
  const names: PeerName[] = [];
  for (const [, kind, name = ''] of text.matchAll(ENTRY)) {
    // The expression has no others.
    const known = kind as NameKind;
    names.push({ kind: known, name: name.startsWith('"') ? String(JSON.parse(name)) : name });
  }
  return names;
}

/** True when a certificate for `pattern`, which may begin with `*.`, is good for `name`. */
export function coversName(pattern: string, name: string): boolean {
  if (pattern.toLowerCase() === name.toLowerCase()) return true;
  if (!pattern.startsWith('*.')) return false;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot).toLowerCase() === pattern.slice(1).toLowerCase();
}
