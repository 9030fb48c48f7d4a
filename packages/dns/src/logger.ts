/** Where this package says what happens; pino's loggers fit. */
export interface Logger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
