import { z } from 'zod';
import { KINDS, type PolicyKind } from './kinds/kinds.ts';

/** JSON Schema (2020-12) of each kind: what may be written, not what it becomes. */
export function jsonSchemas(): Readonly<Record<PolicyKind, z.core.JSONSchema.BaseSchema>> {
  const entries = Object.entries(KINDS).map(([kind, schema]) => [
    kind,
    z.toJSONSchema(schema, { io: 'input' }),
  ]);
  // One for each key of KINDS.
  return Object.fromEntries(entries) as Record<PolicyKind, z.core.JSONSchema.BaseSchema>;
}
