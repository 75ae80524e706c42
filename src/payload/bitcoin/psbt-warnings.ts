/** Points in a PSBT to look at twice. */
import { btc, feeWarning } from './money.js'
import type { PsbtOutput } from './psbt-file.js'
import { isPaid, numbered, type Reading, sum } from './reading.js'
import { carriesData, scriptAddress } from './scripts.js'

/** Sentences; the most severe first. */
export function psbtWarnings(reading: Reading): string[] {
  const { outputs, foreign, fee, vsize } = reading
  const paid = outputs.filter(isPaid)
  const high = feeWarning(fee, vsize, sum(paid.length > 0 ? paid : outputs))
  const [severe, minor] = outputWarnings(paid.concat(outputs.filter(({ script }) => carriesData(script))))
  return [
    ...outputs
      .filter(({ isDisguised }) => isDisguised)
      .map(
        ({ number }) => `Output ${number} claims to be change, but it is not of this key: it is paid away.`,
      ),
    ...(foreign.length === 0 ? [] : [foreignInputs(foreign.length)]),
    ...(high === null ? [] : [high]),
    ...severe,
    ...farChange(reading),
    ...minor,
  ]
}

/** Of outputs that are not of the key: sentences about money that may be lost, and others. */
export function outputWarnings(
  outputs: readonly Pick<PsbtOutput, 'number' | 'amount' | 'script'>[],
): readonly [severe: readonly string[], minor: readonly string[]] {
  const data = outputs.filter(({ script }) => carriesData(script))
  const lost = data.filter(({ amount }) => amount > 0n)
  const nowhere = outputs.filter(({ script }) => !carriesData(script) && scriptAddress(script) === null)
  return [
    [
      ...about(lost, (where) => `${btc(sum(lost))} is destroyed by ${where}: nobody can spend it.`),
      ...about(nowhere, (where) => `A script without an address is paid by ${where}.`),
    ],
    about(data, (where) => `Data that may mean something to other programs is in ${where}.`),
  ]
}

/** One sentence about all of these, however many they are, so that none pushes another off the screen. */
const about = (
  some: readonly { readonly number: number }[],
  sentence: (where: string) => string,
): readonly string[] => (some.length === 0 ? [] : [sentence(numbered('output', some))])

const foreignInputs = (count: number): string =>
  count === 1
    ? '1 of the inputs is of another key: what the transaction does depends on its signer too.'
    : `${count} of the inputs are of other keys: what the transaction does depends on their signers too.`

/** Wallets look for coins up to a gap after the last one used; this is far beyond. */
const FAR = 10_000

/**
 * Change at a path that the wallet does not look at is of this key, but may never be found: it is held to ransom by
 * the person who knows the path.
 */
function farChange({ own, outputs }: Reading): string[] {
  const paths = own.map(({ key }) => stepsOf(key.path))
  const isNear = (steps: readonly number[]): boolean =>
    paths.some((other) => {
      const common = other.slice(0, -2)
      const [last = 0] = steps.slice(-1)
      const [chain = 0] = steps.slice(-2, -1)
      const sameBranch = steps.slice(0, -1).join() === other.slice(0, -1).join()
      return (
        steps.length === other.length &&
        common.every((step, i) => step === steps[i]) &&
        (sameBranch || chain <= 1) &&
        last <= (other.at(-1) ?? 0) + FAR
      )
    })
  return outputs
    .filter((output) => output.own !== null && !isNear(stepsOf(output.own.path)))
    .map(({ number, own: key }) => {
      const where = key?.path ?? 'the key itself'
      return `Output ${number} goes to ${where}, far from the paths of the inputs: note it, or no wallet may find it.`
    })
}

const stepsOf = (path: string | null): number[] =>
  path === null
    ? []
    : path
        .split('/')
        .slice(1)
        .map((step) => Number(step))
