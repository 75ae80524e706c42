/** Payloads that two custodians sign with a key from a ceremony, by the binary over a relay, as scripts do. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { makeKey, start } from './ceremonies.js'
import { type Custodian, custodians, type Line, scratch } from './cli.js'
import { type Broker, brokers } from './nats.js'
import { stock } from './stocked.js'

type Data = Line['data']

/** Alice and bob, who hold a key together. */
export class Pair {
  private constructor(
    readonly folder: Awaited<ReturnType<typeof scratch>>,
    readonly server: Broker,
    readonly alice: Custodian,
    readonly bob: Custodian,
  ) {}

  static async of(scheme: string): Promise<Pair> {
    const [folder, server] = await Promise.all([scratch(), brokers.relay()])
    const both = (await custodians(folder.dir, 'alice', 'bob')) as [Custodian, Custodian]
    if (scheme === 'ecdsa-secp256k1') await Promise.all(both.map(stock))
    await makeKey(both, server.url, 2, scheme)
    return new Pair(folder, server, ...both)
  }

  async end(): Promise<void> {
    await this.server.down()
    await this.folder.remove()
  }

  /** The output of a command of alice's about the key. */
  async about(...args: readonly string[]): Promise<Data> {
    const { json } = await this.alice.mpc([...args, '--no-input', '--json'])
    expect(json, args.join(' ')).toMatchObject({ code: 0 })
    return json.data
  }

  /**
   * Alice looks at a payload and asks for it, bob approves it by the hash that the inspection gives.
   * @param file what the file holds
   */
  async signs(type: string, file: string | Uint8Array, path?: string): Promise<Data> {
    const name = `payload.${type}`
    await writeFile(join(this.folder.dir, name), file)
    const asked = ['--key', 'treasury', '--type', type, ...(path === undefined ? [] : ['--path', path])]
    const seen = await this.about('inspect', ...asked, '--in', name)
    const approve = ['--approve', `sha256:${seen.payload_sha256 as string}`]
    const { url } = this.server
    const running = [
      start(this.alice, url, ['sign', ...asked, '--in', name, '--signers', 'alice,bob', ...approve]),
      start(this.bob, url, ['sign', ...asked, '--next', ...approve]),
    ]
    const [a, b] = await Promise.all(running.map(({ ended }) => ended))
    expect([a?.code, b?.code], `${a?.stderr} ${b?.stderr}`).toEqual([0, 0])
    const [ours, theirs] = [a?.json.data, b?.json.data] as [Data, Data]
    expect(ours.view).toEqual(seen.view)
    expect(ours.signatures).toHaveLength(seen.messages.length)
    for (const field of ['view', 'outputs', 'signatures', 'payload_sha256', 'path'])
      expect(theirs[field], field).toEqual(ours[field])
    const checked = await this.about('transcript', 'verify', ours.transcript as string)
    expect(checked.view).toEqual(seen.view)
    expect(checked.signatures).toHaveLength(seen.messages.length)
    return ours
  }

  /** How a command of alice's that asks for a signature ends. */
  async refuses(type: string, file: string | Uint8Array): Promise<Line> {
    const name = `refused.${type}`
    await writeFile(join(this.folder.dir, name), file)
    const hash = createHash('sha256').update(file).digest('hex')
    const args = ['sign', '--key', 'treasury', '--type', type, '--in', name, '--approve', `sha256:${hash}`]
    return (await start(this.alice, this.server.url, args).ended).json
  }
}
