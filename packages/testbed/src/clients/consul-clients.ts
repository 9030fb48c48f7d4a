import { requireComponent } from '../component.ts';
import { type CommandResult, run } from '../process/command.ts';

/** The folder from which Node can `require('consul')`. @throws TestbedError `component-missing` */
export function consulJs(): string {
  return requireComponent('consul-js');
}

/**
 * Runs a Python script that can import `consul` to its end, within 60 s. A status other than 0 is a
 * result, not an error.
 *
 * @param args `sys.argv[1:]`
 * @throws TestbedError `component-missing`, `timeout`
 */
export function runPyConsul(script: string, args: readonly string[]): Promise<CommandResult> {
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
  return run(requireComponent('py-consul'), ['-', ...args], {
    input: script,
    env,
    timeout: 60_000,
  });
}
