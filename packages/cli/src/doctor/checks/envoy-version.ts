import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Check, error, Unknown } from '../check.ts';

/** The oldest Envoy that knows all that it is sent. */
const OLDEST = [1, 30] as const;
const run = promisify(execFile);

export const envoyVersion: Check = {
  id: 'envoy-version',
  group: 'data planes',
  well: 'Envoy is there, and new enough',
  async find(facts) {
    const { envoy } = facts.options;
    if (envoy === undefined || envoy === false) throw new Unknown('only with --envoy');
    const file = envoy === true ? 'envoy' : envoy;
    let said: string;
    try {
      said = (await run(file, ['--version'], { timeout: 5_000 })).stdout;
    } catch (cause) {
      const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
      return [
        error(
          missing
            ? `there is no Envoy: ${file} is not found`
            : `${file} can't be run: ${String(cause)}`,
          'install Envoy, or say where it is with --envoy FILE',
        ),
      ];
    }
    const version = /\/(\d+)\.(\d+)\.\d+/.exec(said);
    const [least, than] = OLDEST;
    if (version === null) throw new Unknown(`${file} does not say its version`);
    const [, major, minor] = version.map(Number);
    if (major! > least || (major === least && minor! >= than)) return [];
    return [
      error(
        `Envoy is ${version[0].slice(1)}, which is older than ${least}.${than}`,
        'bring it to a newer version: it rejects what it does not know',
      ),
    ];
  },
};
