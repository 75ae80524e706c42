/** QR codes as SVG paths. The package is loaded on first use. */

export type Code = {
  /** Modules along a side, with the quiet zone. */
  readonly size: number
  /** The dark modules as an SVG path; a module is one unit. */
  readonly path: string
}

/** White modules around a code (ISO/IEC 18004). */
const QUIET = 4

/** The code with the most redundancy that fits; null if the text is too long. Upper case and digits take less room. */
export async function codeOf(text: string): Promise<Code | null> {
  const { encodeQR } = await import('qr')
  for (const ecc of ['quartile', 'medium', 'low'] as const) {
    try {
      const modules = encodeQR(text, 'raw', { ecc, border: QUIET })
      // A denser code than this is worth it only for a long text, not for redundancy.
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
