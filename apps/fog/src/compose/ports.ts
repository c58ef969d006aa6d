/** API and panel. */
export const DEFAULT_PORT = 7700;
