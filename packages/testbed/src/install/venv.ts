import { join } from 'node:path';
import { runOrFail } from '../process/command.ts';

/** Makes a Python virtual environment at `dir` with `requirements` installed in it. */
export async function makeVenv(
  dir: string,
  requirements: readonly string[],
  options: { signal?: AbortSignal | undefined },
): Promise<void> {
  await runOrFail('python3', ['-m', 'venv', dir], options);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await runOrFail(join(dir, 'bin/python'), [...install, ...requirements], options);
}
