/**
 * How a path is compared, without its query. A prefix is compared by whole parts (`/a` is one of `/a`
 * and `/a/b`, not of `/ab`), and ends with no `/` but in `/`, which fits all. A regular expression has
 * to fit the whole path.
 */
export interface PathMatch {
  readonly type: 'exact' | 'prefix' | 'regex';
  readonly value: string;
}

/** How a header or a query parameter is compared; a regular expression has to fit the whole value. */
export interface FieldMatch {
  readonly name: string;
  readonly type: 'exact' | 'regex';
  readonly value: string;
}

/** Which requests: all of it fits. */
export interface RequestMatch {
  readonly path: PathMatch;
  readonly method?: string;
  /** By names in lower case. */
  readonly headers: readonly FieldMatch[];
  readonly query: readonly FieldMatch[];
  /** Only calls of gRPC. */
  readonly grpc?: boolean;
}
