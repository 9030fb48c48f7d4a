import { dirname } from 'node:path';
import { requireComponent } from '../component.ts';
import { type CommandResult, run } from '../process/command.ts';

/** What is called, and how often. */
export interface SchemathesisOptions {
  /** Where the API is. */
  readonly url: string;
  /** The file of its OpenAPI document. */
  readonly document: string;
  /** Inputs of each operation, at most. */
  readonly examples: number;
  /** The same inputs come with the same seed. */
  readonly seed: number;
  /** What is looked at in answers; see `schemathesis run --help`. */
  readonly checks: readonly string[];
  /** Parts of it: `examples`, `coverage`, `fuzzing`, `stateful`. */
  readonly phases: readonly string[];
  /** Milliseconds for all of it. */
  readonly timeout: number;
}

/**
 * Calls an API by what its document says, with inputs that fit and that don't, and looks at what it
 * answers. A status other than 0 is a result: what is wrong is in its output.
 *
 * @throws TestbedError `component-missing`, `timeout`
 */
export function runSchemathesis(options: SchemathesisOptions): Promise<CommandResult> {
  const { url, document, examples, seed, checks, phases, timeout } = options;
  const args = [
    ...[
      '-m',
      'schemathesis.cli',
      'run',
      document,
      '--url',
      url,
      '--no-color',
      '--max-examples',
      String(examples),
      '--seed',
      String(seed),
    ],
    ...['--checks', checks.join(','), '--phases', phases.join(',')],
    ...['--generation-database', 'none', '--request-timeout', '10'],
  ];
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
  // It leaves a folder where it runs.
  return run(requireComponent('schemathesis'), args, { env, timeout, cwd: dirname(document) });
}
