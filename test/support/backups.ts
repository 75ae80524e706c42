/** A key whose first custodian has split its share among holders, by the real binary; and what stands on their pages. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scheme } from '../../src/protocol/scheme.js'
import { makeKey } from './ceremonies.js'
import { type Custodian, custodian, custodians, type How, type Ran, scratch } from './cli.js'
import { brokers } from './nats.js'

export type Backup = {
  readonly dir: string
  readonly alice: Custodian
  readonly others: readonly Custodian[]
  readonly holders: readonly Custodian[]
  readonly publicKey: string
  readonly remove: () => Promise<void>
}

/** What a script runs in somebody's home. */
export const script = (who: Custodian, text: string, how: How = {}): Promise<Ran> =>
  who.mpc([...text.split(' '), ...who.unlock, '--no-input', '--json'], how)

/** Alice's share of `treasury`, `threshold` pieces of which restore it: `out/`, `record.json`. */
export async function backupOf(
  threshold: number,
  names: readonly string[],
  scheme?: Scheme,
): Promise<Backup> {
  const server = await brokers.relay()
  const { dir, remove } = await scratch()
  try {
    const [alice, ...others] = (await custodians(dir, 'alice', 'bob', 'carol')) as [Custodian, ...Custodian[]]
    const holders = await Promise.all(names.map((name) => custodian(dir, name)))
    const [made] = await makeKey([alice, ...others], server.url, 2, scheme)
    const cards = names.map((name) => `${name}.card`).join(',')
    for (const line of [
      'key show treasury --export -o record.json',
      `backup split --key treasury --threshold ${threshold} --holders ${cards} -o out`,
    ]) {
      const ran = await script(alice, line)
      if (ran.code !== 0) throw new Error(ran.stdout)
    }
    return { dir, alice, others, holders, publicKey: made?.json.data.public_key as string, remove }
  } finally {
    await server.down()
  }
}

/** The lines that a page of HTML gives to be typed. */
export function linesOn(page: string): string[] {
  const html = readFileSync(page, 'utf8')
  return [...html.matchAll(/<li><b>[ \d]+<\/b> +([0-9A-Z ]+)<\/li>/g)].map(([, line]) => line as string)
}

/** A holder prints its piece in clear; the lines of the page. */
export async function printed({ dir }: Pick<Backup, 'dir'>, holder: Custodian): Promise<string[]> {
  const ran = await script(holder, `backup print out/${holder.name}.piece -o ${holder.name}.html`)
  if (ran.code !== 0) throw new Error(ran.stdout)
  return linesOn(join(dir, `${holder.name}.html`))
}
