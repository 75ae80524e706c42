/** Amounts as people write them, in an asset's unit, and as integers of its smallest unit. */

const DECIMAL = /^(0|[1-9][0-9]{0,59})(?:\.([0-9]{1,36}))?$/

/** Smallest units of a decimal string; null if it is none, or finer than the asset. */
export function parseAmount(text: string, decimals: number): bigint | null {
  const [, whole, fraction = ''] = DECIMAL.exec(text) ?? []
  if (whole === undefined || fraction.length > decimals) return null
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}
