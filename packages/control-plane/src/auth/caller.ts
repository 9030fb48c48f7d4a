import { mayDo, type Role } from './roles.ts';

/** How a caller is known. */
export type CallerKind = 'loopback' | 'insecure' | 'token' | 'oidc';

/** Who calls the API. */
export interface Caller {
  readonly kind: CallerKind;
  /** The token's name, the subject, or the kind: what the audit says. */
  readonly name: string;
  readonly roles: readonly Role[];
}

/** Whoever calls from this machine, where that is all that is asked. */
export const LOOPBACK: Caller = { kind: 'loopback', name: 'loopback', roles: ['admin', 'secret'] };

/** Whoever calls from elsewhere, where somebody has said that nobody is to be asked. */
export const INSECURE: Caller = { kind: 'insecure', name: 'insecure', roles: ['admin', 'secret'] };

/** The caller in what they have written: no two callers have one name, whatever their issuers call them. */
export function writtenBy({ kind, name }: Caller): string {
  return kind === 'token' || kind === 'oidc' ? `${kind}:${name}` : kind;
}

/** True when the caller may do what takes `role`. */
export function may(caller: Caller, role: Role): boolean {
  return mayDo(caller.roles, role);
}
