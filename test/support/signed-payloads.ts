/** Payloads that two custodians sign with a key from a ceremony, by the binary over a relay, line by line as scripts do. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { makeKey } from './ceremonies.js'
import { type Custodian, custodians, type Line, type Ran, scratch } from './cli.js'
import { type Broker, brokers } from './nats.js'
import { stock } from './stocked.js'

type Data = Line['data']

/** A payload in a file. */
export type Paper = {
  readonly type: string
  /** The file's name. */
  readonly in: string
  readonly content: string | Uint8Array
  readonly path?: string
}

/** Alice and bob, who hold a key together and have a passphrase each. */
export class Pair {
  private constructor(
    readonly key: string,
    readonly folder: Awaited<ReturnType<typeof scratch>>,
    readonly server: Broker,
    readonly alice: Custodian,
    readonly bob: Custodian,
  ) {}

  /** @param policyOf the policy of the key, for custodians whose fingerprints are known now */
  static async of(
    key: string,
    scheme: string,
    policyOf: ((alice: Custodian, bob: Custodian) => string) | null = null,
  ): Promise<Pair> {
    const [folder, server] = await Promise.all([scratch(), brokers.relay()])
    const both = (await custodians(folder.dir, 'alice', 'bob')) as [Custodian, Custodian]
    if (scheme === 'ecdsa-secp256k1') await Promise.all(both.map(stock))
    const policy = policyOf && join(folder.dir, 'policy.yaml')
    if (policyOf && policy) await writeFile(policy, policyOf(...both))
    await makeKey(both, server.url, { scheme, key, policy })
    for (const { name, mpc, unlock } of both) {
      await writeFile(join(folder.dir, `${name}.pass`), `the passphrase of ${name} in a test\n`, {
        mode: 0o600,
      })
      const ran = await mpc(['identity', 'reseal', ...unlock, '--new-passphrase-file', `${name}.pass`])
      expect(ran.code, ran.stderr).toBe(0)
    }
    return new Pair(key, folder, server, ...both)
  }

  async end(): Promise<void> {
    await this.server.down()
    await this.folder.remove()
  }

  /** Runs a line after `mpc`, in a shell's folder and with the server from the environment. */
  line({ spawned }: Custodian, line: string): Promise<Ran> {
    return spawned(line.split(' '), { env: { MPC_NATS_URL: this.server.url } })
  }

  /** The output of a line of alice's. */
  async about(line: string): Promise<Data> {
    const { code, stderr, json } = await this.line(this.alice, `${line} --json`)
    expect(code, `${line}\n${stderr}`).toBe(0)
    return json.data
  }

  async write({ in: file, content }: Paper): Promise<void> {
    await writeFile(join(this.folder.dir, file), content)
  }

  /** How a key sees a payload, offline. */
  async sees(paper: Paper): Promise<Data> {
    await this.write(paper)
    const at = paper.path === undefined ? '' : ` --path ${paper.path}`
    return this.about(`inspect --key ${this.key} --type ${paper.type} --in ${paper.in}${at}`)
  }

  /** Alice looks at a payload and asks for it, bob approves it by the hash that the inspection gives. */
  async signs(paper: Paper): Promise<Data> {
    const { key } = this
    const { type, path } = paper
    const seen = await this.sees(paper)
    const at = path === undefined ? '' : ` --path ${path}`
    const approve = `--approve sha256:${seen.payload_sha256 as string}`
    const scripted = (name: string) => `--passphrase-file ${name}.pass --no-input --json`
    const asks = `sign --key ${key} --type ${type} --in ${paper.in}${at} --signers alice,bob`
    const joins = `sign --key ${key} --next --type ${type}${at}`
    const [a, b] = await Promise.all([
      this.line(this.alice, `${asks} ${approve} ${scripted('alice')}`),
      this.line(this.bob, `${joins} ${approve} ${scripted('bob')}`),
    ])
    expect([a.code, b.code], `${a.stderr} ${b.stderr}`).toEqual([0, 0])
    const [ours, theirs] = [a.json.data, b.json.data] as [Data, Data]
    expect(Object.keys(seen.view).sort()).toEqual(['effects', 'rows', 'sentence', 'type', 'warnings'])
    expect(ours.view).toEqual(seen.view)
    expect(ours.signatures).toHaveLength(seen.messages.length)
    for (const field of ['view', 'outputs', 'signatures', 'payload_sha256', 'path'])
      expect(theirs[field], field).toEqual(ours[field])
    const checked = await this.about(`transcript verify ${ours.transcript as string}`)
    expect(checked.view).toEqual(seen.view)
    expect(checked.signatures).toHaveLength(seen.messages.length)
    return { ...ours, messages: seen.messages }
  }

  /** How a line of alice's that asks for a signature ends. */
  async refuses(type: string, content: string | Uint8Array): Promise<Line> {
    await this.write({ type, in: 'refused', content })
    const hash = createHash('sha256').update(content).digest('hex')
    const line = `sign --key ${this.key} --type ${type} --in refused --signers alice,bob --approve sha256:${hash}`
    return (await this.line(this.alice, `${line} --passphrase-file alice.pass --no-input --json`)).json
  }

  /** 32 bytes are refused as bytes, as text and as a digest. */
  async refusesDigests(): Promise<void> {
    const digest = createHash('sha256').update('a transaction').digest()
    const text = Buffer.alloc(32, 'a')
    for (const [type, content] of [
      ['raw', digest],
      ['raw', text],
      ['text', text],
      ['digest', digest],
    ] as const) {
      expect(await this.refuses(type, content), type).toMatchObject({ code: 8, error: { code: 'E_DIGEST' } })
    }
  }

  /** The same payload in every form of file in which people have one: one hash, one view, the same digests. */
  async seesAlike(type: string, bytes: Uint8Array): Promise<void> {
    const binary = Buffer.from(bytes)
    const [hex, base64] = [binary.toString('hex'), binary.toString('base64')]
    const forms = [binary, hex, `0x${hex}\n`, hex.toUpperCase(), base64, `${base64}\n`]
    const seen: Data[] = []
    for (const [i, content] of forms.entries()) {
      await this.write({ type, in: `form-${i}`, content })
      const line = `inspect --key ${this.key} --type ${type} --in form-${i} --json`
      seen.push((await this.alice.mpc(line.split(' '))).json.data)
    }
    expect(seen[0].payload_sha256).toBe(createHash('sha256').update(binary).digest('hex'))
    for (const each of seen) expect(each).toEqual(seen[0])
  }
}
