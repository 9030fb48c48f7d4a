import type { SettingsIssue, SettingsSchema } from '@meshkeeper/mesh';

/** Something that is wrong with a setting. */
export interface SettingsFault {
  readonly path: readonly PropertyKey[];
  /** What to write instead. */
  readonly message: string;
}

/** Settings as they are to be, or what is wrong with them. */
export type Checked<Settings> =
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'faults'; readonly faults: readonly SettingsFault[] };

/** Checks the settings of a source or a destination by its schema. */
export async function checkSettings<Settings>(
  schema: SettingsSchema<Settings>,
  value: unknown,
): Promise<Checked<Settings>> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return { type: 'settings', settings: result.value };
  return { type: 'faults', faults: result.issues.flatMap(faultsOf) };
}

/** zod says several unknown settings in one issue: each is a fault of its own. */
function faultsOf(issue: SettingsIssue): SettingsFault[] {
  const path = (issue.path ?? []).map((key) => (typeof key === 'object' ? key.key : key));
  const unknown: unknown = 'keys' in issue ? issue.keys : undefined;
  if (!Array.isArray(unknown)) return [{ path, message: issue.message }];
  const message = 'there is no such setting';
  return unknown.map((key) => ({ path: [...path, String(key)], message }));
}
