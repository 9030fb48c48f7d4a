/** What a pick costs. */
export interface Cost {
  readonly endpoints: number;
  /** Of processor time, the median of the rounds. */
  readonly nanoseconds: number;
  /** On the heap, over ten million picks; an object is 16 at least. */
  readonly bytes: number;
}
