import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ControlPlaneError } from '../control-plane-error.ts';
import { builtInFaults } from './built-in-settings.ts';
import { type Config, configSchema } from './schema.ts';

/** Part of a configuration, as flags and the environment give it: `{ zookeeper: { connect: '…' } }`. */
export type PartialConfig = { readonly [key: string]: PartialConfig | string | number | boolean };

/** Where a configuration comes from, in rising precedence. */
export interface ConfigSources {
  /** A `meshkeeper.yaml`. */
  readonly file?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What was said on the command line. */
  readonly flags?: PartialConfig;
}

/** The variables that are read, and what each sets. */
export const ENVIRONMENT: Readonly<Record<string, readonly string[]>> = {
  MESHKEEPER_ZOOKEEPER_CONNECT: ['zookeeper', 'connect'],
  MESHKEEPER_ZOOKEEPER_SESSION_TIMEOUT: ['zookeeper', 'sessionTimeout'],
  MESHKEEPER_API_LISTEN: ['controlPlane', 'api', 'listen'],
  MESHKEEPER_XDS_LISTEN: ['controlPlane', 'xds', 'listen'],
  MESHKEEPER_DNS_LISTEN: ['controlPlane', 'dns', 'listen'],
  MESHKEEPER_GATEWAY_LISTEN: ['gateway', 'listen'],
};

interface Located {
  readonly value: unknown;
  /** Where a setting stands: `meshkeeper.yaml:12`, or undefined if it isn't in the file. */
  line(path: readonly PropertyKey[]): string | undefined;
  readonly errors: readonly string[];
}

/**
 * Reads and checks the whole configuration.
 * @throws ControlPlaneError INVALID_CONFIG with every error there is, each with where and what.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const file = sources.file === undefined ? undefined : await readYaml(sources.file);
  const environment = fromEnvironment(sources.env ?? {});
  const merged = [file?.value ?? {}, environment.value, sources.flags ?? {}].reduce(mergeInto, {});
  const parsed = configSchema.safeParse(merged);
  const errors = [...(file?.errors ?? [])];
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(perKey);
  for (const { path, message } of [...issues, ...(await builtInFaults(merged))]) {
    const setting = path.map(String).join('.');
    const where = environment.variables.get(setting) ?? file?.line(path);
    errors.push(
      `${where === undefined ? '' : `${where}: `}${setting || 'configuration'}: ${message}`,
    );
  }
  // As they stand in the file; what isn't there comes last.
  const line = (error: string) => Number(/^[^ ]*:(\d+): /.exec(error)?.[1] ?? Infinity);
  errors.sort((a, b) => (line(a) === line(b) ? (a < b ? -1 : 1) : line(a) - line(b)));
  if (errors.length > 0 || !parsed.success)
    throw new ControlPlaneError(
      'INVALID_CONFIG',
      `the configuration can't be used:\n${errors.map((error) => `  ${error}`).join('\n')}`,
    );
  const folder = dirname(sources.file ?? '.');
  const located = (plugin: string) =>
    /^\.{1,2}\//.test(plugin) ? resolve(folder, plugin) : plugin;
  const { configuration, plugins } = parsed.data;
  const { keyFile, plugin, ...secrets } = configuration.secrets;
  return {
    ...parsed.data,
    plugins: plugins.map(located),
    folder: resolve(folder),
    configuration: {
      ...configuration,
      secrets: {
        ...secrets,
        ...(keyFile !== undefined && { keyFile: resolve(folder, keyFile) }),
        ...(plugin !== undefined && { plugin: located(plugin) }),
      },
    },
  };
}

/** Each key that isn't known is an error of its own, with the line that it stands in. */
function perKey(
  issue: z.core.$ZodIssue,
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  const message = 'there is no such setting: see docs/reference/configuration.md';
  return issue.keys.map((key) => ({ path: [...issue.path, key], message }));
}

async function readYaml(file: string): Promise<Located> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ControlPlaneError('INVALID_CONFIG', `${file} can't be read: ${String(cause)}`, {
      cause,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const errors = document.errors.map(
    ({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`,
  );
  const value: unknown = errors.length > 0 ? {} : (document.toJS() ?? {});
  if (!isObject(value))
    errors.push(`${file}:1: settings are written as "name: value", and this holds none`);
  return {
    value: isObject(value) ? value : {},
    errors,
    line(path) {
      // What is missing has no node of its own; its parent's line is near enough.
      for (let depth = path.length; depth > 0; depth--) {
        const node: unknown = document.getIn(path.slice(0, depth), true);
        if (hasRange(node)) return `${file}:${lines.linePos(node.range[0]).line}`;
      }
      return file;
    },
  };
}

function hasRange(node: unknown): node is { range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>) {
  let value: unknown = {};
  const variables = new Map<string, string>();
  for (const [variable, path] of Object.entries(ENVIRONMENT)) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    variables.set(path.join('.'), variable);
    value = mergeInto(
      value,
      path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), text),
    );
  }
  return { value, variables };
}

/** `over` on top of `base`, objects member by member, anything else as a whole. */
function mergeInto(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over))
    merged[key] = key in merged ? mergeInto(merged[key], value) : value;
  return merged;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
