/** Where the SDK says what happens; pino's loggers fit. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Says nothing. */
export const SILENT: Logger = { debug() {}, info() {}, warn() {} };
