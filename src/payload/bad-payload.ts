/** The one failure of a payload: it is malformed, of another key, or of a kind that is not signed. */
import { Failure } from '../wire/base/failure.js'

/** @param problem printable; text from the payload has gone through `visible` */
export const badPayload = (problem: string, detail: { hint?: string; cause?: unknown } = {}): Failure =>
  new Failure('verification', 'E_PAYLOAD', problem, { hint: 'check --type and the file', ...detail })
