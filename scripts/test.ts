/**
 * Runs the tests: `npm test`, `npm test -- packages/jute/test/*.test.ts` for some of them,
 * `npm run soak` for the long forms.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, resolve } from 'node:path';

const args = process.argv.slice(2);
const soak = args.includes('--soak');
const files = args.filter((arg) => !arg.startsWith('--'));
const flags = args.filter((arg) => arg.startsWith('--') && arg !== '--soak');

const { status } = spawnSync(
  process.execPath,
  [
    '--conditions=source',
    '--test',
    // Many of them wait most of the time: for sessions to end, for servers to start.
    `--test-concurrency=${availableParallelism() + 1}`,
    // A test that hangs fails, long before whoever waits for it gives up.
    `--test-timeout=${soak ? 3_600_000 : 180_000}`,
    ...flags,
    ...(files.length > 0 ? files : ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts']),
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      // What the tests start is found as npm scripts find it.
      PATH: `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}`,
      // Types are stripped and code is compiled once, and not by each of hundreds of processes.
      NODE_COMPILE_CACHE: resolve('.cache/compiled'),
      ...(soak && { MESHKEEPER_SOAK: '1' }),
    },
  },
);
process.exitCode = status ?? 1;
