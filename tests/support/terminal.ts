import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { until } from '@meshkeeper/testbed';

const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

/** Runs a program in a terminal of its own, whose keys are standard input and whose screen is standard output. */
const PTY = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
keys = [0]
while True:
    ready, _, _ = select.select([fd] + keys, [], [])
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed: os.write(fd, typed)
        else: keys = []
    if fd in ready:
        try: shown = os.read(fd, 65536)
        except OSError: break
        if not shown: break
        os.write(1, shown)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`;

/** A program in a terminal. */
export interface Terminal extends AsyncDisposable {
  /** Types keys; each call comes to the program by itself, as from a person. */
  type(keys: string): void;
  /** Waits until what was shown after the last such wait matches, and gives it, without colours. */
  shows(wanted: RegExp): Promise<string>;
  /** All that was shown, as it was sent. */
  raw(): string;
  /** Waits for the end, and gives the exit code. */
  ended(): Promise<number | null>;
}

/** Starts a program, or `meshkeeper` of the checkout, in a terminal. */
export function startTerminal(
  command: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly columns?: number } = {},
): Terminal {
  const { env = {}, columns = 80 } = options;
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(MESHKEEPER_|NO_COLOR$|FORCE_COLOR$|CI$)/.test(name),
  );
  const child = spawn('python3', ['-c', PTY, String(columns), ...command], {
    cwd: tmpdir(),
    env: {
      ...Object.fromEntries(inherited),
      PATH: `${BIN}${delimiter}${process.env.PATH}`,
      TERM: 'xterm-256color',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let raw = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
  });
  child.stdin.on('error', () => {}); // it may be gone
  const ended = once(child, 'close');
  return {
    type: (keys) => void child.stdin.write(keys),
    async shows(wanted) {
      const text = () => stripVTControlCharacters(raw).replaceAll('\r', '');
      const found = await until(() => wanted.exec(text().slice(seen)), {
        timeout: 20_000,
        message: `the terminal shows ${wanted}`,
      }).catch((cause: unknown) => {
        throw new Error(`${String(cause)}, and not:\n${text().slice(seen)}`, { cause });
      });
      seen += found.index + found[0].length;
      return found[0];
    },
    raw: () => raw,
    async ended() {
      await ended;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
