/** Where a library says what happens to it; pino fits. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Says nothing. */
export const silent: Logger = { debug() {}, info() {}, warn() {} };
