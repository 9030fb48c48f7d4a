/** How a znode lives and whether its name gets a sequence number: the `flags` of create. */
export const CreateMode = {
  /** Stays until it is deleted. */
  PERSISTENT: 0,
  /** Goes with its session. */
  EPHEMERAL: 1,
  PERSISTENT_SEQUENTIAL: 2,
  EPHEMERAL_SEQUENTIAL: 3,
  /** Deleted by the server some time after its last child went. */
  CONTAINER: 4,
  /** Deleted by the server when it was not changed for its time to live and has no children. */
  PERSISTENT_WITH_TTL: 5,
  PERSISTENT_SEQUENTIAL_WITH_TTL: 6,
} as const;

export type CreateMode = (typeof CreateMode)[keyof typeof CreateMode];
