import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '@meshkeeper/testbed';

const run = promisify(execFile);
const DEFAULTS = { api: 7070, xds: 7071, gateway: 7080, zookeeper: 2181 };

/** Commands of the README's `console` blocks with what they print there. */
function commandsOf(readme: string): { readonly command: string; readonly output: string }[] {
  return [...readme.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block!
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command, ...output] = part.split('\n');
        return { command: command!, output: output.join('\n') };
      }),
  );
}

/** Output without what differs from run to run. */
function masked(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/-[0-9a-f]{8}\b/g, '-ID')
    .replace(/("pid":|kill -9 )\d+/g, '$1PID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/ +/g, ' ')
    .trim();
}

test('the README shows what its commands print', async () => {
  const commands = commandsOf(readFileSync('README.md', 'utf8'));
  const shown = (command: string) => commands.find((entry) => entry.command === command)?.output;
  assert.ok(shown('npm ci') !== undefined && shown('npm test') !== undefined);

  const listeners = [...Object.keys(DEFAULTS), 'dns'].flatMap((name) => [
    `--${name}-listen`,
    '127.0.0.1:0',
  ]);
  const mesh = spawn('npm', ['start', '--silent', '--', ...listeners], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // its own group, so that all of it can be ended
  });
  let printed = '';
  try {
    mesh.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
    });
    await until(() => printed.includes('from now on:'), { timeout: 30_000 });
    assert.equal(masked(printed), masked(shown('npm start') ?? ''));

    // What stands in the README with the default ports, at those of this run.
    const ports = new Map(
      Object.entries({ gateway: 'gateway', api: 'API', xds: 'xDS', zookeeper: 'ZooKeeper' }).map(
        ([name, label]) => {
          const port = new RegExp(`^ +${label} +.*:(\\d+)$`, 'm').exec(printed)?.[1];
          return [`:${DEFAULTS[name as keyof typeof DEFAULTS]}`, `:${port}`];
        },
      ),
    );
    const here = (text: string) =>
      text.replace(/:(7070|7071|7080|2181)\b/g, (at) => ports.get(at)!);
    const env = { ...process.env, MESHKEEPER_SERVER: here('http://127.0.0.1:7070'), NO_COLOR: '1' };
    for (const { command, output } of commands.filter((entry) =>
      /^(curl|npx)/.test(entry.command),
    )) {
      const quiet = here(command).replace(/^curl/, 'curl --silent --fail');
      const { stdout } = await run('bash', ['-c', quiet], { env });
      assert.equal(masked(stdout), masked(output), command);
    }
    const tried = [...printed.matchAll(/^ {2}((?:curl|npx) .*)$/gm)].map(([, command]) => command!);
    assert.ok(tried.length >= 4);
    for (const command of tried) await run('bash', ['-c', command], { env });
  } finally {
    const ended = once(mesh, 'exit');
    process.kill(-mesh.pid!, 'SIGINT');
    await ended;
  }
  const [, changes] = printed.split('from now on:');
  assert.doesNotMatch(changes ?? '', / - /, 'that all goes at the end is no news');
});
