/**
 * The engines by name, and the field that names one in definitions, records and shares. A name is an id and a version,
 * like `frost/1`. Raise the version with every change of what an engine stores or computes, and `PROTOCOL` with it.
 */
import { CodecError, pattern, type Shape, type Value } from '../core/codec.js'
import { ROUND } from '../cggmp24/presign/letters.js'
import type { Scheme } from '../group/scheme.js'

type Engine = {
  readonly name: string
  /** Whether its keys have auxiliary data, made anew with every epoch. */
  readonly auxiliary: boolean
  /** The round in which a signer sends its share of the signature. */
  readonly givesAway: string
}

const FROST: Engine = { name: 'frost/1', auxiliary: false, givesAway: 'share' }
const CGGMP24: Engine = { name: 'cggmp24/1', auxiliary: true, givesAway: ROUND.sign }

const ENGINES: Readonly<Record<Scheme, Engine>> = {
  'ecdsa-secp256k1': CGGMP24,
  'eddsa-ed25519': FROST,
  'schnorr-taproot': FROST,
}

export const engineOf = (scheme: Scheme): Engine => ENGINES[scheme]

/** Something was made by an engine, or a version of one, that this program does not have. */
export class OtherEngine extends CodecError {
  /** @param engine its name, which is of the form of a name */
  constructor(
    at: string,
    readonly engine: string,
  ) {
    super(at, `made by the engine ${engine}, which this program does not have`)
  }
}

const FIELD = 'engine'
const known = new Set(Object.values(ENGINES).map(({ name }) => name))
const named = pattern(/^[a-z][a-z0-9-]{0,31}\/[1-9][0-9]{0,3}$/, 'the id and the version of an engine')

/** The field `engine` of a record with a field `scheme`. */
export const engineField: { readonly engine: Shape<string> } = { engine: named }

/**
 * A record with `engineField`. Its engine is read before anything else, because another version may have other fields.
 * @param shape throws OtherEngine for an engine that is not known here
 */
export const byEngine = <T extends { readonly scheme: Scheme; readonly engine: string }>(
  shape: Shape<T>,
): Shape<T> => ({
  parse: (value, at) => {
    const field = value instanceof Map ? (value as ReadonlyMap<string, Value>).get(FIELD) : undefined
    if (field !== undefined) {
      const name = named.parse(field, FIELD)
      if (!known.has(name)) throw new OtherEngine(FIELD, name)
    }
    const parsed = shape.parse(value, at)
    if (parsed.engine !== engineOf(parsed.scheme).name) throw new CodecError(FIELD, 'not that of the scheme')
    return parsed
  },
  form: (value) => shape.form(value),
})
