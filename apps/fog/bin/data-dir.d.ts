/** FOG_DATA_DIR, else $XDG_DATA_HOME/fog, else ~/.local/share/fog. */
export function defaultDataDir(env: NodeJS.ProcessEnv): string;
