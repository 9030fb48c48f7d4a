import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { CliError, ExitCode } from '../../exit-code.ts';

/** A key and where its value is. */
export interface Assignment {
  readonly key: string;
  /** As it was written after the `=`; undefined without one. */
  readonly source: string | undefined;
}

/** `KEY=VALUE`, or `KEY`. @throws CliError */
export function assignmentOf(text: string): Assignment {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  if (key === '') throw new CliError(`${text}: write KEY=VALUE`, ExitCode.USAGE);
  return { key, source: equals < 0 ? undefined : text.slice(equals + 1) };
}

/**
 * The values of assignments: what is written, standard input for `-`, a file for `@FILE`, `@@` for a value
 * that begins with one.
 * @throws CliError
 */
export async function valuesOf(
  assignments: readonly Assignment[],
  { secret }: { readonly secret: boolean },
): Promise<ReadonlyMap<string, string>> {
  if (assignments.filter(({ source }) => source === '-').length > 1)
    throw new CliError('standard input can be read once: write KEY=- once', ExitCode.USAGE);
  const values = new Map<string, string>();
  for (const { key, source } of assignments) values.set(key, await textFor(key, source, secret));
  return values;
}

async function textFor(key: string, source: string | undefined, secret: boolean): Promise<string> {
  if (source === '-') return withoutEnd(await textOf(process.stdin));
  if (source?.startsWith('@@')) return checked(key, source.slice(1), secret);
  if (source?.startsWith('@')) return fileText(source.slice(1));
  if (source !== undefined) return checked(key, source, secret);
  if (!secret) throw new CliError(`what is ${key} to be? Write ${key}=VALUE`, ExitCode.USAGE);
  if (!process.stdin.isTTY) return withoutEnd(await textOf(process.stdin));
  const { password, isCancel } = await import('@clack/prompts');
  const answer = await password({ message: `${key}:`, output: process.stderr });
  if (isCancel(answer)) throw new CliError('nothing was changed');
  return answer;
}

/** A secret on the command line is one no more: whoever may see processes reads it. */
function checked(key: string, value: string, secret: boolean): string {
  if (!secret) return value;
  throw new CliError(
    `a secret on a command line is read by all who may list processes, and kept by the shell: write ${key}=@FILE, ${key}=- for standard input, or only ${key} to be asked`,
    ExitCode.USAGE,
  );
}

async function fileText(file: string): Promise<string> {
  try {
    return withoutEnd(await readFile(file, 'utf8'));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const why = code === 'ENOENT' ? 'there is no such file' : String(code ?? cause);
    throw new CliError(`${file}: ${why}`, ExitCode.USAGE, { cause });
  }
}

/** Editors and `echo` end a text with a line's end, which is no part of one line. */
function withoutEnd(text: string): string {
  return /^[^\n]*\n$/.test(text) ? text.replace(/\r?\n$/, '') : text;
}
