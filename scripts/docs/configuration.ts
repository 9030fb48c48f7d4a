import {
  configSchema,
  DESTINATION_KINDS,
  ENVIRONMENT,
  SOURCE_KINDS,
} from '@meshkeeper/control-plane';
import { z } from 'zod';

interface JsonSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  /** Of a record: what its values are. */
  readonly additionalProperties?: JsonSchema | boolean;
}

function jsonSchema(): JsonSchema {
  // What may be written, not what it becomes.
  return z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
}

/** `meshkeeper.schema.json`, for editors. */
export async function configurationSchema(): Promise<string> {
  const schema = jsonSchema();
  const withKinds = async (section: string, kinds: Kinds) => ({
    ...schema.properties?.[section],
    items: {
      ...schema.properties?.[section]?.items,
      // What a kind's settings are; those of plug-ins are not known here.
      allOf: (await settingsOf(kinds)).map(({ kind, settings }) => ({
        if: { properties: { kind: { const: kind } }, required: ['kind'] },
        // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it that
        then: { properties: settings.properties, required: settings.required },
      })),
    },
  });
  const properties = {
    ...schema.properties,
    sources: await withKinds('sources', SOURCE_KINDS),
    destinations: await withKinds('destinations', DESTINATION_KINDS),
  };
  return `${JSON.stringify({ ...schema, properties }, undefined, 2)}\n`;
}

/** The page of all settings. */
export async function configurationReference(): Promise<string> {
  const variables = new Map(
    Object.entries(ENVIRONMENT).map(([name, path]) => [path.join('.'), name]),
  );
  return [
    '# Configuration',
    '',
    '<!-- Written by `npm run docs`. -->',
    '',
    '`meshkeeper.yaml` (or `--config FILE`), then the environment, then flags: the later wins. All errors',
    'are reported together, with file and line. Durations are `250ms`, `10s`, `5m`, `1h`, or milliseconds.',
    'Editors check the file with [meshkeeper.schema.json](../../meshkeeper.schema.json).',
    '',
    '| setting | | default | environment |',
    '|---|---|---|---|',
    ...rows(jsonSchema(), '', variables),
    ...(await kindTables('sources', SOURCE_KINDS)),
    ...(await kindTables('destinations', DESTINATION_KINDS)),
    '',
  ].join('\n');
}

type Kinds = ReadonlyMap<string, () => Promise<{ readonly schema: unknown }>>;

/** What the built-in kinds are set with. */
async function settingsOf(
  kinds: Kinds,
): Promise<readonly { readonly kind: string; readonly settings: JsonSchema }[]> {
  return Promise.all(
    Array.from(kinds, async ([kind, load]) => {
      const { schema } = await load();
      if (!(schema instanceof z.ZodType)) throw new Error(`the schema of ${kind} is none of zod's`);
      return { kind, settings: z.toJSONSchema(schema, { io: 'input' }) as JsonSchema };
    }),
  );
}

async function kindTables(section: string, kinds: Kinds): Promise<string[]> {
  return (await settingsOf(kinds)).flatMap(({ kind, settings }) => [
    '',
    `## \`${section}[]\` of kind \`${kind}\``,
    '',
    'Besides what is said of all above.',
    '',
    '| setting | | default | environment |',
    '|---|---|---|---|',
    ...rows(settings, '', new Map()),
  ]);
}

function rows(schema: JsonSchema, path: string, variables: ReadonlyMap<string, string>): string[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, member]) =>
      rows(member, path === '' ? name : `${path}.${name}`, variables),
    );
  const preset = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  const choices = schema.enum ? schema.enum.map((choice) => `\`${choice}\``).join(' or ') : '';
  const text = [schema.description, choices].filter(Boolean).join(' ');
  const own = `| \`${path}\` | ${text} | ${preset} | ${variables.get(path) ?? ''} |`;
  const values = schema.additionalProperties;
  if (typeof values === 'object') return [own, ...rows(values, `${path}.NAME`, variables)];
  return schema.items === undefined ? [own] : [own, ...rows(schema.items, `${path}[]`, variables)];
}
