import { requireComponent } from '../component.ts';
import { type CommandResult, run } from '../process/command.ts';

/** What {@link runKazoo} runs. */
export interface KazooOptions {
  /** Python source; `from kazoo.client import KazooClient` works in it. */
  script: string;
  /** `sys.argv[1:]`. */
  args?: readonly string[] | undefined;
  /** Kills it. */
  signal?: AbortSignal | undefined;
  /** Milliseconds before it is killed. Default 30,000. */
  timeout?: number | undefined;
}

/**
 * Runs a Python script that has kazoo to its end. A status other than 0 is a result, not an error.
 *
 * @throws TestbedError `component-missing`, `timeout`; the signal's reason.
 */
export function runKazoo(options: KazooOptions): Promise<CommandResult> {
  const { script, args = [], signal, timeout = 30_000 } = options;
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
  const python = requireComponent('kazoo');
  return run(python, ['-', ...args], { input: script, env, signal, timeout });
}
