import { readFile } from 'node:fs/promises';
import { stringify as stringifyProperties } from 'dot-properties';
import { stringify as stringifyYaml } from 'yaml';
import { bind } from '../client/bind.ts';
import type { Resolved } from '../client/resolved.ts';
import { writeAtomically } from '../client/write-atomically.ts';
import { ConfigError } from '../config-error.ts';
import { environmentOf } from '../run/environment.ts';
import { Template } from './template.ts';

/** What a file may be written as without a template. */
export const FILE_FORMATS = ['yaml', 'json', 'properties', 'env'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

type Made = Pick<Resolved, 'values' | 'layers'>;

/** A file that is made of configuration. */
export interface OutputFile {
  /** Where it is. */
  readonly path: string;
  /** @throws ConfigError NOT_VALID */
  render(resolved: Made): string;
}

/** One that a template makes. @throws ConfigError NOT_VALID the template is none; NOT_FOUND */
export async function templateFile(template: string, path: string): Promise<OutputFile> {
  const text = await readFile(template, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new ConfigError('NOT_FOUND', `${template}: ${why}`, { cause });
  });
  const made = new Template(template, text);
  return { path, render: (resolved) => made.render(resolved) };
}

/** One that has all keys. */
export function formatFile(format: FileFormat, path: string, prefix?: string): OutputFile {
  return { path, render: (resolved) => formatted(format, resolved, prefix) };
}

/**
 * Writes what has changed, all of it or what comes before something that can't be written.
 * @param texts what is there, by path; is kept up
 * @returns the paths that were written
 */
export async function writeFiles(
  rendered: ReadonlyMap<string, string>,
  texts: Map<string, string>,
  mode: number,
): Promise<string[]> {
  const written: string[] = [];
  for (const [path, text] of rendered) {
    // What is on the disk counts: nobody is told of a change that is none.
    const before = texts.get(path) ?? (await readFile(path, 'utf8').catch(() => undefined));
    if (before !== text) {
      await writeAtomically(path, text, { mode });
      written.push(path);
    }
    texts.set(path, text);
  }
  return written;
}

function formatted(format: FileFormat, { values, layers }: Made, prefix?: string): string {
  switch (format) {
    case 'yaml':
      // What older readers take for something else is quoted: on, off, 0o17.
      return stringifyYaml(bind(values, undefined), { compat: 'yaml-1.1' });
    case 'json':
      return `${JSON.stringify(bind(values, undefined), undefined, 2)}\n`;
    case 'properties':
      return `${stringifyProperties(textsOf(values))}\n`;
    case 'env': {
      const { variables, faults } = environmentOf({ values, layers }, prefix);
      const [fault] = faults;
      if (fault !== undefined)
        throw new ConfigError('NOT_VALID', `${fault.key} ${fault.message}`, { faults });
      return [...variables].map(([name, value]) => `${name}=${quoted(value)}\n`).join('');
    }
  }
}

function textsOf(values: Resolved['values']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, { value }]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
}

/** For `. file` of a shell, and the readers of such files that know quotes. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_./:@%+,-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
