/** Where instances register. */
export const ROOT = '/discovery';
