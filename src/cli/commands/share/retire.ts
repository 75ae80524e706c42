import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { listed, remainingWords } from '../../../ceremony/epochs/remaining-quorum.js'
import { planRetire, retire, type RetirePlan } from '../../../ceremony/epochs/retire.js'
import { heldKey } from '../../../ceremony/epochs/held-epochs.js'
import { Failure } from '../../../wire/base/failure.js'
import { fromHex, hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { epochData, namesThat } from '../../views/share.js'
import type { Result } from '../../runtime/result.js'
import { takenLines, takeStatements } from '../../args/attestation-files.js'
import { fields } from '../../terminal/style.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type Options = {
  readonly key: string
  readonly epoch?: string
  readonly statements?: readonly string[]
  readonly confirm?: string
}

/** `mpc share retire`: destroys this home's shares of replaced epochs, once the key's name is typed. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { key: name, epoch, statements, confirm } = options
  if (confirm !== undefined && confirm !== name) {
    throw new Failure('usage', 'E_USAGE', `--confirm ${confirm} does not repeat --key ${name}`, {
      hint: 'see `mpc share retire --help`',
    })
  }
  await takeUpWaiting(context)
  const home = await context.home()
  const card = await context.card()
  if (statements) {
    context.terminal.say(...takenLines(name, await takeStatements(context, name, statements, '--statements')))
  }
  const plan = await planRetire(home, card, name, fromHex(epoch ?? '', 32))
  if (plan.epochs.length === 0) return nothingLeft(name)
  context.terminal.say(...planLines(plan))
  if (confirm === undefined) {
    const which = listed(plan.epochs.map(({ number }) => String(number)))
    const question = `This destroys your share of epoch ${which} of ${name} for ever. A copy of this home would still hold it.`
    await context.terminal.confirm(question, name, { flag: `--confirm ${name}` })
  }
  const identity = await context.openIdentity()
  try {
    const { destroyed } = await retire({ home, identity, card }, plan, context.now())
    const after = (await heldKey(home, name)).epochs.filter((each) =>
      plan.epochs.some(({ digest }) => hex(digest) === hex(each.digest)),
    )
    return {
      data: {
        key: name,
        newest: plan.newest && plan.newest.number,
        gone_over: plan.gone,
        retired: after.map(epochData),
        destroyed,
      },
      text: [
        `Destroyed here: your share of epoch ${listed(after.map(({ number }) => String(number)))} of ${name}.`,
        ...after.flatMap((each) => (each.record ? remainingWords(each, each.record) : [])),
        'Copies of this home and remains on the disk are not destroyed. Destroy copies too.',
      ],
      again: `mpc share list --key ${name}`,
      next: `mpc share statements --key ${name} -o retired.json   (give it to the others, who import it)`,
    }
  } finally {
    wipeIdentity(identity)
  }
}

const nothingLeft = (name: string): Result => ({
  data: { key: name, newest: null, gone_over: [], retired: [], destroyed: [] },
  text: [`There is nothing to destroy: this home has no share of a replaced epoch of ${name}.`],
  next: `mpc share list --key ${name}`,
})

/** Says what will be destroyed, who uses the newer epoch, and what is left. */
function planLines({ name, newest, gone, epochs }: RetirePlan): string[] {
  if (!newest) return []
  return [
    `Epoch ${newest.number} of ${name} is certified, and used by ${listed(gone)} (the threshold is ${newest.record.threshold}).`,
    ...epochs.flatMap((epoch) => {
      const { record, manifest } = epoch
      const destroyed = namesThat('deleted', epoch)
      const left = record.members.map(({ card }) => card.name).filter((each) => !destroyed.includes(each))
      return [
        `Your share of epoch ${epoch.number} will be destroyed. The others:`,
        ...fields([
          ['not known to be destroyed', left.length === 0 ? 'none' : listed(left)],
          ['reported as destroyed', destroyed.length === 0 ? 'none' : listed(destroyed)],
          ...(manifest
            ? [['your old pieces, held by', listed(manifest.holders.map((each) => each.name))] as const]
            : []),
        ]),
        ...remainingWords(epoch, record).map((line) => `  ${line}`),
      ]
    }),
  ]
}
