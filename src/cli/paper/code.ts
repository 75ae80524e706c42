/** QR codes, as the path of an SVG. The package is loaded where a code is drawn, and nowhere else. */

export type Code = {
  /** Modules along a side, with the quiet zone. */
  readonly size: number
  /** The dark modules, for a path of an SVG in which a module is one unit. */
  readonly path: string
}

/** Modules around a code that stay white (ISO/IEC 18004). */
const QUIET = 4

/** The most redundant code that holds a text; null if it is too long for any. Capitals and digits take less room. */
export async function codeOf(text: string): Promise<Code | null> {
  const { encodeQR } = await import('qr')
  for (const ecc of ['quartile', 'medium', 'low'] as const) {
    try {
      const modules = encodeQR(text, 'raw', { ecc, border: QUIET })
      // Denser than this is for who reads it alone, not for more redundancy.
      if (modules.length > 120 && ecc !== 'low') continue
      return { size: modules.length, path: pathOf(modules) }
    } catch (error) {
      if (!(error instanceof Error) || !/overflow|capacity/i.test(error.message)) throw error
    }
  }
  return null
}

/** One rectangle for each run of dark modules in a row. */
function pathOf(modules: readonly (readonly boolean[])[]): string {
  return modules
    .flatMap((row, y) =>
      row.flatMap((dark, x) => {
        if (!dark || row[x - 1]) return []
        const run = row.slice(x).findIndex((each) => !each)
        return [`M${x} ${y}h${run}v1h-${run}z`]
      }),
    )
    .join('')
}
