/** Why an endpoint is served although its registry lacks it. */
export type HoldReason =
  /** It has just gone; most that do are back at once. */
  | 'absorbing'
  /** Its session has ended, or its service has recovered without it: it may come back in seconds. */
  | 'limbo'
  /** Its registry was away and is back: its clients come back one by one. */
  | 'recovery'
  /** Too many of its service have left at once. */
  | 'mass-drop'
  /** No other endpoint of its service takes requests. */
  | 'last-instance'
  /** An operator holds the service. */
  | 'operator';

/** The state of an endpoint that is served although its registry lacks it. */
export interface Held {
  readonly reason: HoldReason;
  /** When it left, by the clock that the catalog is told. */
  readonly since: number;
  /** When it goes, or when that is asked again; Infinity while an operator holds it. */
  readonly until: number;
}

/** A service whose registry is in doubt: endpoints are held that left without being deregistered. */
export interface Alarm {
  readonly service: string;
  readonly reason: 'mass-drop' | 'last-instance';
  /** How many of its endpoints are held for that reason. */
  readonly held: number;
  /** When the first of them left, by the clock that the catalog is told. */
  readonly since: number;
  /** When the last of them goes. */
  readonly until: number;
}
