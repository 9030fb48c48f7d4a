/** What a token may be given. `secret` is besides the others: it is what reading secrets takes. */
export const ROLES = ['viewer', 'editor', 'publisher', 'operator', 'admin', 'secret'] as const;

/** What somebody may do; {@link IMPLIED} says which of them holds others. */
export type Role = (typeof ROLES)[number];

/** What each role may do, in words: the API's document and its guide show this. */
export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  viewer: 'reads all but secrets, tokens and the audit',
  editor: 'viewer, and changes drafts of configuration',
  publisher: 'editor, and publishes, rolls back and releases configuration by parts',
  operator:
    'viewer, and changes traffic: policies, drains, holds, registrations, locks; issues and revokes certificates; reads the audit',
  admin: 'publisher and operator, and makes and revokes tokens, and rotates authorities',
  secret: 'reads the secrets of configuration; goes with another role',
};

/** The roles that a role holds besides itself. */
const IMPLIED: Readonly<Record<Role, readonly Role[]>> = {
  viewer: [],
  editor: ['viewer'],
  publisher: ['editor', 'viewer'],
  operator: ['viewer'],
  admin: ['operator', 'publisher', 'editor', 'viewer'],
  secret: [],
};

/** True when somebody with these roles may do what takes `needed`. */
export function mayDo(roles: Iterable<Role>, needed: Role): boolean {
  for (const role of roles) if (role === needed || IMPLIED[role].includes(needed)) return true;
  return false;
}
