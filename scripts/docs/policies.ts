import { readFileSync } from 'node:fs';
import { apiVersionOf, CHECKS, isPolicyKind, jsonSchemas } from '@meshkeeper/policy';

interface JsonSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  /** Of a record: what its values are. */
  readonly additionalProperties?: JsonSchema | boolean;
}

/** `docs/reference/policies.schema.json`, for editors: a policy of any kind. */
export function policiesSchema(): string {
  const kinds = Object.values(jsonSchemas()).map(({ $schema: _, ...schema }) => schema);
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', oneOf: kinds };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The page of all kinds of policies, and of the checks. */
export function policiesReference(): string {
  return [
    '# Policies',
    '',
    '<!-- Written by `npm run docs`. -->',
    '',
    'YAML or JSON, several in a file. Routes and gateways have the shapes of',
    '[Gateway API](https://gateway-api.sigs.k8s.io/) v1, so that what is known of them holds here. Fields',
    'that are not listed are errors; those that Gateway API has and Meshkeeper does not are listed with the',
    'reason. Durations are `250ms`, `10s`, `1m30s`, `1h`. Editors check files with',
    '[policies.schema.json](policies.schema.json).',
    '',
    '| field of every kind | |',
    '|---|---|',
    '| `apiVersion`, `kind` | As below. |',
    '| `metadata.name` | Unique among the policies of its kind: lower-case letters, digits, `-` and `.`. |',
    '| `metadata.namespace` | As in Kubernetes; the same name in two namespaces is two policies. |',
    '| `metadata.labels`, `metadata.annotations` | Text by name; they change nothing. |',
    '| `status`, and what else Kubernetes writes into `metadata` | Is read and left out. |',
    '',
    ...PRECEDENCE,
    ...Object.entries(jsonSchemas()).flatMap(([kind, schema]) =>
      section(kind, schema as JsonSchema),
    ),
    '',
    '## Checks',
    '',
    'What one policy alone does not show. With an error policies can not work as they are written; what a',
    'warning tells may be meant.',
    '',
    '| code | | what is found | what to do |',
    '|---|---|---|---|',
    ...CHECKS.map(
      ({ code, severity, what, fix }) => `| \`${code}\` | ${severity} | ${what} | ${fix} |`,
    ),
    '',
  ].join('\n');
}

/** Which of several counts; its test is `packages/policy/test/compile/precedence.test.ts`. */
const PRECEDENCE = [
  '## Which of several counts',
  '',
  'Of rules that fit a request, as Gateway API says, whichever routes they are of:',
  '',
  '1. the one for the most exact host name: a whole one, then the longest with `*.`, then any (at a',
  '   listener with a host name, the more exact of both);',
  '2. of HTTP: an exact path, a regular expression (the longer; Gateway API leaves open where), the longer',
  '   prefix; then one with a method, with more headers, with more query parameters;',
  '   of gRPC: an exact method before a regular expression, then the one with the longer service, the',
  '   longer method, more headers;',
  '3. the one whose route is the first by `namespace/name`, then the first in its route. Who is older is not',
  '   known here.',
  '',
  'A request that fits no rule of the most exact host may fit one of a wider host. One that fits none is',
  'answered with 404. So it is at a service, too: routes of a service stand in for the way to it; add a rule',
  'without matches for the rest. Without a route requests go to the service.',
  '',
  '| | |',
  '|---|---|',
  '| Routes of several kinds | Of a service: GRPCRoutes hold, without them HTTPRoutes, without them TCPRoutes. Of a host at a listener: either those of HTTP or those of gRPC, by the first of them by name. |',
  "| `hostnames` of a route of a service | The route is for callers that use these names, and not for the service's own. |",
  '| ServicePolicies | The one with the most exact name: the whole one, then the pattern with the most characters besides `*`; of equals the first by name. |',
  '| FaultPolicies and RateLimitPolicies | Those that a rule names in `filters`: the first FaultPolicy, all RateLimitPolicies. Without them the one whose `targetRefs` name the rule, without it the route; of equals the first by name. Of services as of ServicePolicies. Limits of a rule and of the service both count; the fault of a rule goes before that of the service. |',
  '| A rule, a ServicePolicy, a registry | What a rule says goes before what a ServicePolicy says, that before what a registry says of a method, that before what it says of the service; setting by setting. |',
];

function section(kind: string, schema: JsonSchema): string[] {
  const file = kind.replace(/^(HTTP|GRPC|TCP)/, '$1-').replace(/([a-z])([A-Z])/g, '$1-$2');
  const example = `examples/policies/${file.toLowerCase()}.yaml`;
  const spec = schema.properties?.spec ?? {};
  return [
    '',
    `## ${kind}`,
    '',
    `\`${isPolicyKind(kind) ? apiVersionOf(kind) : ''}\`. ${schema.description ?? ''}`,
    '',
    '```yaml',
    readFileSync(example, 'utf8').trimEnd(),
    '```',
    '',
    '| field of `spec` | | default |',
    '|---|---|---|',
    ...members(spec, ''),
  ];
}

function members({ properties = {}, required = [] }: JsonSchema, path: string): string[] {
  return Object.entries(properties).flatMap(([name, member]) =>
    rows(member, path === '' ? name : `${path}.${name}`, required.includes(name)),
  );
}

function rows(schema: JsonSchema, path: string, required: boolean, context = ''): string[] {
  const choices = schema.enum?.map((choice) => `\`${String(choice) || '""'}\``).join(', ');
  const text = [
    context,
    required && schema.const === undefined ? '**Required.**' : '',
    schema.description,
    choices && `One of ${choices}.`,
    schema.const === undefined ? '' : `\`${String(schema.const) || '""'}\`.`,
  ];
  const preset = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  const what = text.filter(Boolean).join(' ').replaceAll('|', '\\|');
  const own = `| \`${path}\` | ${what} | ${preset} |`;
  const inner = [
    ...members(schema, path),
    ...(schema.oneOf ?? []).flatMap((one) => option(one, path)),
  ];
  const values = schema.additionalProperties;
  if (typeof values === 'object' && values.properties)
    inner.push(...members(values, `${path}.NAME`));
  const { items } = schema;
  if (items?.properties) inner.push(...members(items, `${path}[]`));
  else if (items?.oneOf) inner.push(...items.oneOf.flatMap((one) => option(one, `${path}[]`)));
  else if (items?.items) inner.push(...rows(items, `${path}[]`, false));
  // What only holds others is said by these.
  return what === '' && preset === '' && inner.length > 0 ? inner : [own, ...inner];
}

/** One of several shapes, told by the first of its fields that is a constant. */
function option(schema: JsonSchema, path: string): string[] {
  const { properties = {}, description } = schema;
  const [name, tag] =
    Object.entries(properties).find(([, { const: value }]) => value !== undefined) ?? [];
  const rest = Object.fromEntries(Object.entries(properties).filter(([field]) => field !== name));
  const what = [`With \`${name}: ${String(tag?.const)}\`.`, description].filter(Boolean).join(' ');
  return [`| \`${path}\` | ${what} |  |`, ...members({ ...schema, properties: rest }, path)];
}
