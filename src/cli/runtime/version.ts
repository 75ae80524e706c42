/** The version in package.json. A test holds them equal, so that `--version` reads no file. */
export const VERSION = '0.1.0'
