import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type Fault, notValid } from '../config-error.ts';
import { type Content, contentFaults } from '../model/content.ts';
import { parseValue } from '../model/entry.ts';
import { DOCUMENT_KEY } from '../model/names.ts';

/** Faults that are told, at most. */
const FAULTS = 100;
/** Compiled schemas that are remembered. */
const COMPILED = 100;

/** Reads JSON Schemas (2020-12), and says what of a content doesn't agree with them. */
export class Validator {
  /** Values that are text are read as what the schema wants: keys have no other numbers. */
  readonly #lenient = ajv(true);
  readonly #strict = ajv(false);
  readonly #compiled = new Map<string, ValidateFunction>();

  /** What is wrong with a schema itself. */
  schemaFaults(schema: string): Fault[] {
    try {
      this.#compile(schema, true);
      return [];
    } catch (error) {
      return [{ path: '/schema', message: error instanceof Error ? error.message : String(error) }];
    }
  }

  /** What is wrong with a content, by itself and by its schema. No fault holds a value. */
  faults(content: Content): Fault[] {
    const own = contentFaults(content);
    if (own.length > 0 || content.schema === undefined) return own;
    const { value, secrets } = seenBy(content);
    const textual = content.format === 'keys' || content.format === 'properties';
    let validate: ValidateFunction;
    try {
      validate = this.#compile(content.schema, textual);
    } catch {
      return this.schemaFaults(content.schema);
    }
    if (validate(value)) return [];
    return (validate.errors ?? [])
      .filter(({ instancePath }) => !secrets.has(firstOf(instancePath)))
      .slice(0, FAULTS)
      .map((error) => faultOf(error, content));
  }

  /** @throws ConfigError NOT_VALID */
  check(content: Content, what: string): void {
    const faults = this.faults(content);
    if (faults.length > 0) throw notValid(what, faults);
  }

  #compile(schema: string, lenient: boolean): ValidateFunction {
    const name = `${lenient}${schema}`;
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    const parsed: unknown = JSON.parse(schema);
    if (typeof parsed !== 'boolean' && (typeof parsed !== 'object' || parsed === null))
      throw new TypeError('a schema has to be an object');
    const own = lenient ? this.#lenient : this.#strict;
    try {
      const compiled = own.compile(parsed);
      this.#compiled.set(name, compiled);
      const [oldest] = this.#compiled.keys();
      if (this.#compiled.size > COMPILED && oldest !== undefined) this.#compiled.delete(oldest);
      return compiled;
    } finally {
      // It would keep every schema that it has seen, and refuse a second one of the same $id.
      own.removeSchema();
    }
  }
}

function ajv(coerceTypes: boolean): Ajv2020 {
  const made = new Ajv2020({ allErrors: true, strict: false, coerceTypes, logger: false });
  formats.default(made);
  return made;
}

/** What a schema sees: keys with their values, or the document. Of secrets it sees only that they are there. */
function seenBy({ format, entries }: Content): { value: unknown; secrets: ReadonlySet<string> } {
  const secrets = new Set<string>();
  const values = [...entries].map(([key, entry]) => {
    if (entry.type === 'secret') {
      secrets.add(key);
      return [key, ''] as const;
    }
    const read = parseValue(entry.type, entry.value);
    return [key, read.ok ? read.value : entry.value] as const;
  });
  if (format === 'keys') return { value: Object.fromEntries(values), secrets };
  return { value: values.find(([key]) => key === DOCUMENT_KEY)?.[1], secrets };
}

/** The key that a JSON pointer begins with. */
function firstOf(pointer: string): string {
  const [, first = ''] = pointer.split('/');
  return first.replaceAll('~1', '/').replaceAll('~0', '~');
}

function faultOf(
  { instancePath, message = 'is not valid', params }: ErrorObject,
  content: Content,
): Fault {
  const property = params.additionalProperty ?? params.unevaluatedProperty;
  const text = typeof property === 'string' ? `${message}: ${property}` : message;
  if (content.format !== 'keys') return { key: DOCUMENT_KEY, path: instancePath, message: text };
  if (instancePath === '') return { message: text };
  const key = firstOf(instancePath);
  const path = instancePath.split('/').slice(2).join('/');
  return { key, ...(path !== '' && { path: `/${path}` }), message: text };
}
