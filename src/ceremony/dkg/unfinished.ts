/**
 * Failures of this home after its vote, such as a full disk or a lock held by another command. Its vote may
 * have given the others a certified result, so this is no clean abort; the member is told how to finish.
 */
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { VotedDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { commandOf } from '../definition/build.js'
import { hex } from '../../wire/base/text.js'

type Ceremony = { readonly file: { readonly id: Uint8Array }; readonly definition: VotedDefinition }

/**
 * Runs the steps after the vote.
 * @throws Failure `E_UNFINISHED` (doubt) in place of a failure that this home alone caused; other errors of
 *   `act` as they are
 */
export async function afterVote<T>(plan: Ceremony, files: CeremonyFiles, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw await unfinished(plan, files, error)
  }
}

/** Turns a local failure after the vote into `E_UNFINISHED`; returns any other error unchanged. */
export async function unfinished(
  { file, definition }: Ceremony,
  files: CeremonyFiles,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Failure) || !isOfThisHome(error)) return error
  const voted = (await files.readReceipt().catch(() => null)) !== null
  const id = hex(file.id)
  const [what, others, next] = voted
    ? ['this member has voted', 'may hold the result, with this member in it', `mpc ceremony finish ${id}`]
    : [
        'the vote of this member is due',
        'may have voted, and wait for it',
        `mpc ${commandOf(definition)} --join ${id}`,
      ]
  return new Failure('doubt', 'E_UNFINISHED', `${what}, and this home could not go on: ${error.message}`, {
    cause: error,
    hint: `the others ${others}. Fix that, then run: ${next}`,
  })
}

const isOfThisHome = ({ kind, code }: Failure): boolean =>
  kind === 'configuration' || code === 'E_BUSY' || code === 'E_KEY_STATE'
