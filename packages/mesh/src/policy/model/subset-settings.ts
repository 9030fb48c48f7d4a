/** A part of a service that routes can name. */
export interface SubsetSettings {
  readonly name: string;
  /** Endpoints whose metadata has all of these are in it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly role?: 'leader';
  /** Where requests go while no endpoint is in it. */
  readonly fallback: 'none' | 'all';
}
