import { configSchema, ENVIRONMENT } from '@meshkeeper/control-plane';
import { z } from 'zod';

interface JsonSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
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
export function configurationSchema(): string {
  return `${JSON.stringify(jsonSchema(), undefined, 2)}\n`;
}

/** The page of all settings. */
export function configurationReference(): string {
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
    '',
  ].join('\n');
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
