import type { Resolved } from '../client/resolved.ts';
import { ConfigError, type Fault } from '../config-error.ts';
import type { OutputFile } from '../template/output-file.ts';
import { environmentOf } from './environment.ts';

/** What a command is to be given of configuration. */
export interface PrepareOptions {
  /** Before the names of variables. */
  readonly prefix?: string | undefined;
  readonly files: readonly OutputFile[];
  /** What is in the environment anyway. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Configuration wins over what is in the environment anyway. Default: as with Spring, it doesn't. */
  readonly override?: boolean | undefined;
}

/** All of it, ready to be given. */
export interface Prepared {
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By their paths. */
  readonly files: ReadonlyMap<string, string>;
  /** What somebody should know, each once. */
  readonly notes: readonly string[];
}

/** Makes it of what was resolved. @throws ConfigError NOT_VALID with all that is wrong */
export function prepare(
  resolved: Pick<Resolved, 'values' | 'layers'>,
  { prefix, files, inherited, override = false }: PrepareOptions,
): Prepared {
  const { variables, faults: wrong, refused, hidden } = environmentOf(resolved, prefix);
  const faults: Fault[] = [...wrong];
  const rendered = new Map<string, string>();
  for (const { path, render } of files)
    try {
      rendered.set(path, render(resolved));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
    }
  if (faults.length > 0) {
    const texts = faults.map(({ key, message }) =>
      key === undefined ? message : `${key} ${message}`,
    );
    throw new ConfigError('NOT_VALID', texts.join('\n'), { faults });
  }
  const set = [...variables.keys()].filter((name) => inherited[name] !== undefined);
  const given = Object.fromEntries(variables);
  return {
    env: override ? { ...inherited, ...given } : { ...given, ...inherited },
    files: rendered,
    notes: [
      ...refused.map(
        ({ name, key }) => `${key} is not given: ${name} decides what is run; take a prefix`,
      ),
      ...(override || set.length === 0
        ? []
        : [
            `${set.join(', ')}: set in the environment already, which counts (--override: it doesn't)`,
          ]),
      ...(hidden.length === 0
        ? []
        : [`${count(hidden.length, 'secret')} left out: ${hidden.join(', ')} (--secrets)`]),
    ],
  };
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun} is` : `${number} ${noun}s are`;
}
