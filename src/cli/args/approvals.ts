/** The payloads that a script approves, by flags and by a file; or the policy in their place. */
import { Failure } from '../../wire/base/failure.js'
import type { Context } from '../runtime/context.js'
import { BY_POLICY } from '../runtime/parse.js'
import { readNamed } from '../runtime/read-input.js'

type Options = { readonly approve?: readonly string[]; readonly approveFile?: string }

/** SHA-256 in hex of every payload that a command approves; or the unattended rules of the policy approve it. */
export type Scripted = { readonly payloads: ReadonlySet<string> } | { readonly by: 'policy' }

/**
 * @returns null if a person at the terminal is asked
 * @throws Failure (usage) `E_NO_INPUT` if there is nobody to ask; `E_USAGE`
 */
export async function approvals(
  { terminal }: Pick<Context, 'terminal'>,
  { approve, approveFile }: Options,
): Promise<Scripted | null> {
  const named = (approve ?? []).map(stripped)
  const file = approveFile === undefined ? [] : await approvalsIn(approveFile)
  const all = new Set([...named, ...file])
  if (all.has(BY_POLICY)) {
    if (all.size === 1) return { by: 'policy' }
    throw new Failure('usage', 'E_USAGE', '--approve policy goes alone', {
      hint: 'name payloads by their SHA-256, or leave all of them to the policy',
    })
  }
  if (all.size > 0) return { payloads: all }
  if (terminal.interactive) return null
  throw new Failure('usage', 'E_NO_INPUT', 'nobody is here to approve the payload', {
    hint: 'give --approve sha256:HEX with the SHA-256 of the payload, or run it at a terminal',
  })
}

async function approvalsIn(path: string): Promise<string[]> {
  const text = Buffer.from(await readNamed(path, '--approve-file')).toString('utf8')
  const lines = text.split('\n').map((line) => line.trim())
  return lines.flatMap((line, i) => {
    if (line === '' || line.startsWith('#')) return []
    if (/^sha256:[0-9a-f]{64}$/.test(line)) return [stripped(line)]
    throw new Failure('usage', 'E_APPROVE_FILE', `line ${i + 1} of ${path} is not sha256: and 64 hex digits`)
  })
}

const stripped = (approval: string): string => approval.replace(/^sha256:/, '')
