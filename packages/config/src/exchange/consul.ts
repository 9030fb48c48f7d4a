import { z } from 'zod';
import { notValid } from '../config-error.ts';
import { DEFAULT_NAMESPACE } from '../model/names.ts';
import { refOfContext } from './context.ts';
import { documentNamespace, type Exchanged, Gathered, type Imported } from './namespaces.ts';

/** What `consul kv export` writes. */
const exported = z.array(
  z.looseObject({ key: z.string(), value: z.string().nullable(), flags: z.number().optional() }),
);

/** Spring Cloud Consul's key for a whole document. */
const DATA = 'data';

/**
 * Reads what `consul kv export` writes: values in base64, below `config/shop,prod/`. A key `data` that
 * holds a document is one, as Spring Cloud Consul keeps it.
 * @param prefix above the applications. Default Spring Cloud Consul's
 * @param documents what a key `data` holds; undefined: it is a key like others
 * @throws ConfigError NOT_VALID for what is no such export
 */
export function fromConsul(
  text: string,
  prefix = 'config/',
  documents?: 'yaml' | 'properties',
): Imported {
  const gathered = new Gathered();
  const whole: Exchanged[] = [];
  for (const { key, value } of readExport(text)) {
    if (!key.startsWith(prefix) || key.endsWith('/')) continue; // a folder, or somebody else's
    const [context = '', ...parts] = key.slice(prefix.length).split('/');
    const ref = refOfContext(context);
    if (parts.length === 0 || ref === undefined) {
      gathered.problem(key, 'is below no name of an application');
      continue;
    }
    const plain = Buffer.from(value ?? '', 'base64');
    const content = plain.toString();
    if (!Buffer.from(content).equals(plain)) gathered.problem(key, 'holds no text');
    else if (documents !== undefined && parts.length === 1 && parts[0] === DATA)
      whole.push(documentNamespace(ref, documents, content));
    else gathered.add(ref, parts.join('.'), content);
  }
  return gathered.imported(whole);
}

/** The same for `consul kv import`. Documents are keys `data`. */
export function toConsul(namespaces: Iterable<Exchanged>, prefix = 'config/'): string {
  const items: { key: string; flags: number; value: string }[] = [];
  for (const { application, namespace, format, entries } of namespaces) {
    const context = namespace === DEFAULT_NAMESPACE ? application : `${application},${namespace}`;
    for (const [key, entry] of entries)
      items.push({
        key: `${prefix}${context}/${format === 'keys' ? key : DATA}`,
        flags: 0,
        value: Buffer.from(entry.value).toString('base64'),
      });
  }
  return `${JSON.stringify(items, null, '\t')}\n`;
}

function readExport(text: string): z.output<typeof exported> {
  try {
    return exported.parse(JSON.parse(text));
  } catch {
    throw notValid('what is to be imported', [
      { message: 'is no list of { "key", "flags", "value" }, as `consul kv export` writes it' },
    ]);
  }
}
