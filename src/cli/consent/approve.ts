/**
 * A person's approval of a signature. They see its effects, the asker and the signers, may view or save all of the
 * payload, and type two words. The words only prove attention; people do not compare them. Where the policy says so,
 * they type the amount too.
 */
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import { wordsOf } from '../../wire/base/safety-words.js'
import type { Context } from '../runtime/context.js'
import { writeNew } from '../runtime/read-input.js'
import { type Asked, payloadLines, payloadSummary } from '../views/payload.js'
import { saidNo } from '../terminal/terminal.js'

/** @param what the question. @throws Failure `E_REFUSED` (refused), `E_NO_INPUT` (usage), the signal's reason */
export async function approve(
  { terminal }: Pick<Context, 'terminal'>,
  headline: string,
  asked: Asked,
  signal: AbortSignal,
  what = 'Sign it?',
): Promise<void> {
  const { payload, decoded } = asked
  const digest = sha256(payload)
  const asking = { flag: `--approve sha256:${hex(digest)}`, signal }
  terminal.requirePerson(what, asking)
  const { lines, isPart } = payloadSummary(asked)
  await terminal.read(['', headline, '', ...lines, ''], signal, 'start')
  const words = approvalWords(payload)
  const looks = isPart ? ', "view" to see all of it, "save" to keep it in a file' : ''
  const answers = isPart ? ['view', 'save', words] : [words]
  for (;;) {
    const question = `${what} Type "${words}"${looks}, or "no":`
    switch (await terminal.askTyped(question, 'no', answers, asking)) {
      case null:
        throw saidNo()
      case 'view':
        await terminal.read(payloadLines(decoded, payload), signal, 'start')
        break
      case 'save':
        terminal.say(await saved(`payload-${hex(digest).slice(0, 16)}`, payload))
        break
      default:
        return typeAmounts(terminal, asked.amounts, asking)
    }
  }
}

/** @throws Failure `E_REFUSED` (refused) */
async function typeAmounts(
  terminal: Context['terminal'],
  amounts: readonly string[],
  asking: Parameters<Context['terminal']['askTyped']>[3],
): Promise<void> {
  for (const amount of amounts) {
    const question = `The policy wants the amount typed too. Type "${amount}", or "no":`
    if ((await terminal.askTyped(question, 'no', [amount], asking)) === null) throw saidNo()
  }
}

export const approvalWords = (payload: Uint8Array): string =>
  wordsOf(sha256(payload).subarray(0, 2)).join(' ').toLowerCase()

/** Saves the payload and says where. A failure does not end the ceremony. */
async function saved(path: string, payload: Uint8Array): Promise<string> {
  try {
    return `Saved to ${await writeNew(path, payload)}`
  } catch (error) {
    if (error instanceof Failure) return `It could not be saved: ${error.message}`
    throw error
  }
}
