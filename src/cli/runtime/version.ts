/** Of the package; a test holds it equal to package.json, so that `--version` reads no file. */
export const VERSION = '0.1.0'
