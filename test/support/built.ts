/** A module as it is built: for what starts threads or processes from files of its own. */
export const built = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as T
