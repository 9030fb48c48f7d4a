/** Who a connection has shown to be: the original's `Id`. */
export interface AuthId {
  /** `ip` for everybody; `digest` after a password; `super` for the administrator. */
  readonly scheme: string;
  readonly id: string;
}

/** The user's name within an id: what `whoAmI` answers. */
export function userOf({ scheme, id }: AuthId): string {
  if (scheme === 'digest') return id.split(':')[0] ?? '';
  return scheme === 'ip' ? id : '';
}
