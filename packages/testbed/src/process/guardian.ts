import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Sees to it that no child and no temporary folder outlives this process, however it ends.
 *
 * An exit handler covers every orderly end. For SIGKILL, SIGINT and SIGTERM, which leave no time
 * or whose handling belongs to the program, a small shell holds the other end of a pipe: it is
 * told every pid and folder, and when the pipe breaks it kills and removes what is left. It is
 * shared by the whole process because a process dies only once.
 */
const script = `
trap '' INT TERM HUP
pids=' '
while IFS=' ' read -r what it; do
  case $what in
    add) pids="$pids$it " ;;
    del) case $pids in *" $it "*) pids="\${pids%% $it *} \${pids#* $it }" ;; esac ;;
    dir) set -- "$@" "$it" ;;
  esac
done
[ "$pids" = ' ' ] || kill -9 $pids 2>/dev/null
rm -rf -- "$@"
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

/** Removes a folder of {@link tempDir} when this process ends; its name is never used again. */
export function guardFolder(path: string): void {
  shell ??= startShell();
  shell.stdin?.write(`dir ${path}\n`);
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
