import { readFileSync } from 'node:fs';

/** Linux counts a process's time in these, whatever its kernel's own tick is. */
const TICKS_PER_SECOND = 100;

/** CPU seconds, of the user and the system, that a process has used so far. Linux only. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks; the fields after it are fixed.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
