import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Sees to it that no child outlives this process, however it ends.
 *
 * An exit handler covers every orderly end. For SIGKILL, SIGINT and SIGTERM, which leave no time
 * or whose handling belongs to the program, a small shell holds the other end of a pipe: it is
 * told every pid, and when the pipe breaks it kills what is left. It is shared by the whole
 * process because a process dies only once.
 */
const script = `
trap '' INT TERM HUP
pids=' '
while read -r what pid; do
  case $what in
    add) pids="$pids$pid " ;;
    del) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
[ "$pids" = ' ' ] || kill -9 $pids 2>/dev/null
`;

const guarded = new Set<number>();
let shell: ChildProcess | undefined;

/** Kills `pid` when this process ends. */
export function guard(pid: number): void {
  shell ??= startShell();
  guarded.add(pid);
  shell.stdin?.write(`add ${pid}\n`);
}

/** Forgets `pid`, which has ended. */
export function unguard(pid: number): void {
  guarded.delete(pid);
  shell?.stdin?.write(`del ${pid}\n`);
}

function startShell(): ChildProcess {
  process.once('exit', () => {
    for (const pid of guarded) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  });
  // Detached, so that Ctrl-C in a terminal does not reach it.
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child;
}
