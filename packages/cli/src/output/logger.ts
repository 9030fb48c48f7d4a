import { type Logger, pino } from 'pino';

/** Logs on standard error: readable on a terminal, JSON elsewhere. Warnings unless more is asked for. */
export async function createLogger(verbose: boolean | undefined): Promise<Logger> {
  const level = verbose ? 'debug' : 'warn';
  if (!process.stderr.isTTY) return pino({ level, base: undefined }, pino.destination(2));
  const { default: pretty } = await import('pino-pretty');
  return pino({ level, base: undefined }, pretty({ destination: 2, sync: true }));
}
