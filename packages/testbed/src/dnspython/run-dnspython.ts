import { requireComponent } from '../component.ts';
import { type CommandResult, run } from '../process/command.ts';

/**
 * Runs a Python script that can import `dns` to its end, within 30 s. A status other than 0 is a result,
 * not an error.
 *
 * @param args `sys.argv[1:]`
 * @throws TestbedError `component-missing`, `timeout`
 */
export function runDnspython(script: string, args: readonly string[]): Promise<CommandResult> {
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
  const python = requireComponent('dnspython');
  return run(python, ['-', ...args], { input: script, env, timeout: 30_000 });
}
