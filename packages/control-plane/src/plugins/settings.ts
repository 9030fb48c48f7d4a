import type { SettingsIssue, SettingsSchema } from '@meshkeeper/mesh';

/** Settings as they are to be, or what is wrong with them, each `name.of.setting: what to write`. */
export type Checked<Settings> =
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'faults'; readonly faults: readonly string[] };

/** Checks the settings of a source or a destination by its schema. */
export async function checkSettings<Settings>(
  schema: SettingsSchema<Settings>,
  value: unknown,
): Promise<Checked<Settings>> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return { type: 'settings', settings: result.value };
  return { type: 'faults', faults: result.issues.map(faultOf) };
}

function faultOf({ path = [], message }: SettingsIssue): string {
  const keys = path.map((key) => String(typeof key === 'object' ? key.key : key));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}
