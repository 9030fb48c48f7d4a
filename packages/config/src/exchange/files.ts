import { parse as parseYaml, stringify } from 'yaml';
import { z } from 'zod';
import type { Format } from '../model/content.ts';
import type { PlainEntry } from '../model/entry.ts';
import { DOCUMENT_KEY } from '../model/names.ts';
import { refOfContext } from './context.ts';
import {
  type ApplicationSettings,
  documentNamespace,
  type Exchanged,
  type ExchangeProblem,
  type Imported,
} from './namespaces.ts';
import { readSettings, SETTINGS, type SettingsFile, writeSettings } from './settings-file.ts';

const FORMAT_OF: Readonly<Record<string, Exclude<Format, 'keys'>>> = {
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  properties: 'properties',
  txt: 'text',
};
const EXTENSION_OF: Readonly<Record<Exclude<Format, 'keys'>, string>> = {
  json: 'json',
  yaml: 'yaml',
  properties: 'properties',
  text: 'txt',
};

const KEYS = '.keys.yaml';
const SCHEMA = '.schema.json';

const keys = z.record(
  z.string(),
  z.union([
    z.string().transform((value): PlainEntry => ({ type: 'text', value })),
    z
      .strictObject({
        type: z.enum(['text', 'json', 'yaml', 'properties']).default('text'),
        value: z.string(),
        comment: z.string().optional(),
      })
      .transform(
        ({ comment, ...entry }): PlainEntry => ({
          ...entry,
          ...(comment !== undefined && { comment }),
        }),
      ),
  ]),
);

/**
 * Reads a folder: `shop/default.yaml` is a document, `shop/prod.keys.yaml` holds keys with their values,
 * `shop/default.schema.json` what a namespace has to look like, `shop/_settings.yaml` what is said of `shop`.
 * @param files their texts, by paths within the folder, with `/`
 */
export function fromFiles(files: ReadonlyMap<string, string>): Imported {
  const found = new Map<string, Exchanged>();
  const schemas = new Map<string, string>();
  const settings = new Map<string, SettingsFile>();
  const problems: ExchangeProblem[] = [];
  for (const [path, text] of files) {
    const problem = (message: string) => problems.push({ where: path, message });
    const [folder = '', file] = path.split('/');
    if (file === SETTINGS && refOfContext(folder) !== undefined) {
      const read = readSettings(text);
      if (read === undefined) problem('has to hold links, fourEyes and public alone');
      else settings.set(folder, read);
      continue;
    }
    const match = /^([^/]+)\/([^/]+?)(\.keys\.yaml|\.schema\.json|\.[a-z]+)$/.exec(path);
    const [, application = '', namespace = '', ending = ''] = match ?? [];
    const name = `${application}/${namespace}`;
    if (match === null || refOfContext(name.replace('/', ',')) === undefined) {
      problem('is not called APPLICATION/NAMESPACE.yaml');
      continue;
    }
    const ref = { application, namespace };
    if (ending === SCHEMA) {
      schemas.set(name, text);
      continue;
    }
    if (found.has(name)) {
      problem(`there is another file for ${name}`);
      continue;
    }
    if (ending === KEYS) {
      const entries = readKeys(text);
      if (entries === undefined) problem('has to hold keys, each with a text or { type, value }');
      else found.set(name, { ...ref, format: 'keys', entries });
      continue;
    }
    const format = FORMAT_OF[ending.slice(1)];
    if (format === undefined) problem('is neither JSON, YAML, properties nor text');
    else found.set(name, documentNamespace(ref, format, text));
  }
  const namespaces = [...found].map(([name, namespace]): Exchanged => {
    const schema = schemas.get(name);
    schemas.delete(name);
    const said = settings.get(namespace.application)?.public;
    return {
      ...namespace,
      ...(schema !== undefined && { schema }),
      ...(said && { public: said.includes(namespace.namespace) }),
    };
  });
  for (const [application, { public: open }] of settings)
    for (const namespace of open)
      if (!found.has(`${application}/${namespace}`))
        problems.push({
          where: `${application}/${SETTINGS}`,
          message: `there is no file of ${namespace}, which is to be public`,
        });
  for (const name of schemas.keys())
    problems.push({
      where: `${name}${SCHEMA}`,
      message: 'there is nothing that it is the schema of',
    });
  const ofApplications = [...settings].map(
    ([application, { links, fourEyes }]) => [application, { links, fourEyes }] as const,
  );
  return { namespaces, problems, settings: new Map(ofApplications) };
}

/** The same as files. */
export function toFiles(
  namespaces: Iterable<Exchanged>,
  settings: ReadonlyMap<string, ApplicationSettings> = new Map(),
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const all = [...namespaces];
  for (const [application, stated] of settings) {
    const open = all.filter((each) => each.application === application && each.public);
    const text = writeSettings({ ...stated, public: open.map(({ namespace }) => namespace) });
    if (text !== undefined) files.set(`${application}/${SETTINGS}`, text);
  }
  for (const { application, namespace, format, entries, schema } of all) {
    const path = `${application}/${namespace}`;
    if (schema !== undefined) files.set(`${path}${SCHEMA}`, schema);
    if (format === 'keys') files.set(`${path}${KEYS}`, writeKeys(entries));
    else {
      const document = entries.get(DOCUMENT_KEY);
      if (document !== undefined) files.set(`${path}.${EXTENSION_OF[format]}`, document.value);
    }
  }
  return files;
}

function readKeys(text: string): ReadonlyMap<string, PlainEntry> | undefined {
  try {
    return new Map(Object.entries(keys.parse(parseYaml(text) ?? {})));
  } catch {
    return undefined;
  }
}

function writeKeys(entries: ReadonlyMap<string, PlainEntry>): string {
  const simple = ({ type, comment }: PlainEntry) => type === 'text' && comment === undefined;
  return stringify(
    new Map([...entries].map(([key, entry]) => [key, simple(entry) ? entry.value : entry])),
    { lineWidth: 0 },
  );
}
