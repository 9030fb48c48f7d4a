/** A data key as it is kept. */
export interface WrappedKey {
  /** Which key-encryption key it takes. */
  readonly keyId: string;
  readonly wrapped: Buffer;
}

/**
 * Where the key-encryption keys are: a file, the environment, or a plug-in (a key management service).
 * Each secret has a data key of its own; this wraps and unwraps those.
 */
export interface KeyProvider {
  /** The key that is used for what is written now. */
  currentKeyId(): Promise<string>;
  /** Wraps 32 bytes with the current key. */
  wrap(dataKey: Buffer, signal: AbortSignal): Promise<WrappedKey>;
  /** @throws ConfigError NO_KEY for a key that isn't here */
  unwrap(key: WrappedKey, signal: AbortSignal): Promise<Buffer>;
}
