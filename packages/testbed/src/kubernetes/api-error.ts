import type { JsonObject } from './object.ts';

/** One thing that is wrong with an object. */
export interface Cause {
  readonly field: string;
  readonly message: string;
  /** Default `FieldValueInvalid`. */
  readonly reason?: string;
}

/** Which object an error is about. */
export interface Subject {
  readonly group: string;
  /** Plural of the resource, or its kind in errors of validation. */
  readonly kind: string;
  readonly name: string;
}

interface Parts {
  readonly details?: JsonObject;
  readonly metadata?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of the API that is a `Status` of failure. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #details: JsonObject | undefined;
  readonly #metadata: JsonObject;

  constructor(code: number, reason: string, message: string, parts: Parts = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.headers = parts.headers ?? {};
    this.#details = parts.details;
    this.#metadata = parts.metadata ?? {};
  }

  /** As it goes over the wire. */
  get status(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.#metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason !== '' && { reason: this.reason }),
      ...(this.#details !== undefined && { details: this.#details }),
      code: this.code,
    };
  }
}

function qualified({ group, kind }: Subject): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function detailsOf({ group, kind, name }: Subject): JsonObject {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind };
}

/** No such object. */
export function notFound(subject: Subject): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(subject)} "${subject.name}" not found`, {
    details: detailsOf(subject),
  });
}

/** No such resource: a path that nothing serves. */
export function noSuchResource(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {
    details: {},
  });
}

/** 409 of a create. */
export function alreadyExists(subject: Subject): ApiError {
  const message = `${qualified(subject)} "${subject.name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, { details: detailsOf(subject) });
}

/** 409 of an update or a delete. */
export function conflict(
  subject: Subject,
  why = 'the object has been modified; please apply your changes to the latest version and try again',
): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`;
  return new ApiError(409, 'Conflict', message, { details: detailsOf(subject) });
}

/** 422: the object can be read, and can't be. */
export function invalid(subject: Subject, causes: readonly Cause[]): ApiError {
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  const all = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  return new ApiError(
    422,
    'Invalid',
    `${qualified(subject)} "${subject.name}" is invalid: ${all}`,
    {
      details: {
        ...detailsOf(subject),
        causes: causes.map(({ field, message, reason = 'FieldValueInvalid' }) => ({
          reason,
          message,
          field,
        })),
      },
    },
  );
}

/** 400. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** 403 of an authenticated caller. */
export function forbidden(subject: Subject, why: string): ApiError {
  const name = subject.name === '' ? '' : ` "${subject.name}"`;
  return new ApiError(403, 'Forbidden', `${qualified(subject)}${name} is forbidden: ${why}`, {
    details: detailsOf(subject),
  });
}

/** 401. */
export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

/** 410, of a list or within a watch. */
export function expired(message: string, metadata: JsonObject = {}): ApiError {
  return new ApiError(410, 'Expired', message, { metadata });
}

/** 504 of a read at a revision that isn't there yet. */
export function tooLargeResourceVersion(asked: number, current: number): ApiError {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, 'Timeout', `Timeout: ${message}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    headers: { 'retry-after': '1' },
  });
}

/** 500. */
export function internal(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
  });
}

/** 405. */
export function methodNotAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiError(405, 'MethodNotAllowed', message, { details: {} });
}

/** 409 of an object that is another than the one that is meant. `key`: where it is stored. */
export function otherObject(subject: Subject, key: string, why: string): ApiError {
  return conflict(
    subject,
    `StorageError: invalid object, Code: 4, Key: /registry/${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${why}`,
  );
}

/** 422 of options that are not understood: of what is asked, not of an object. */
export function badOption(kind: string, cause: Cause): ApiError {
  return invalid({ group: 'meta.k8s.io', kind, name: '' }, [cause]);
}

/** 415. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

/** 429. */
export function tooManyRequests(seconds: number): ApiError {
  return new ApiError(429, 'TooManyRequests', 'too many requests, please try again later', {
    details: { retryAfterSeconds: seconds },
    headers: { 'retry-after': String(seconds) },
  });
}
