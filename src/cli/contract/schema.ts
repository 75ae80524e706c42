/** The words in which the machine contract is written: JSON Schema for hex, names, times, lists and objects. */
export type Schema = Readonly<Record<string, unknown>>

export const hex = (bytes: number): Schema => ({ type: 'string', pattern: `^[0-9a-f]{${2 * bytes}}$` })
/** Of 32 bytes, or a point of secp256k1 in 33. */
export const publicKey: Schema = { type: 'string', pattern: '^([0-9a-f]{64}|[0-9a-f]{66})$' }
export const text: Schema = { type: 'string' }
export const name: Schema = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }
export const time: Schema = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
}
export const path: Schema = { type: 'string', pattern: '^/' }
export const count = (minimum: number): Schema => ({ type: 'integer', minimum })
export const oneOf = (...values: readonly unknown[]): Schema => ({ enum: values })
export const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more })
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
export const object = (
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((property) => !optional.includes(property)),
})
export const scheme: Schema = oneOf('ecdsa-secp256k1', 'eddsa-ed25519', 'schnorr-taproot')
