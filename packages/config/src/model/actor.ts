import { ConfigError } from '../config-error.ts';

/** What somebody may do with configuration; `admin` all but reading secrets. */
export const ROLES = ['viewer', 'editor', 'publisher', 'secret', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks for something. */
export interface Actor {
  readonly name: string;
  readonly roles: readonly string[];
}

/** What may be asked for. */
export type Action = 'edit' | 'publish' | 'reveal' | 'administer';

const NEEDS: Readonly<Record<Action, Role>> = {
  edit: 'editor',
  publish: 'publisher',
  reveal: 'secret',
  administer: 'admin',
};

/** @throws ConfigError FORBIDDEN */
export function authorize({ name, roles }: Actor, action: Action): void {
  const role = NEEDS[action];
  if (roles.includes(role) || (roles.includes('admin') && role !== 'secret')) return;
  throw new ConfigError('FORBIDDEN', `${name} may not ${action}: it takes the role ${role}`);
}

/**
 * Where four eyes are asked for, what somebody has edited is published by somebody else.
 * @throws ConfigError FORBIDDEN
 */
export function checkFourEyes({ name }: Actor, authors: readonly string[]): void {
  if (!authors.includes(name)) return;
  throw new ConfigError(
    'FORBIDDEN',
    `${name} has edited it: somebody else has to publish it (four eyes)`,
  );
}
