import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { fields } from '../../terminal/style.js'

/** `mpc config show`: each setting and where it comes from. It opens nothing and connects to nobody. */
export async function run(context: Context): Promise<Result> {
  const [settings, file] = await Promise.all([context.settings(), context.configPath()])
  return {
    data: { file, settings },
    text: [
      ...fields(
        settings.map(({ name, value, by }) => [name, `${value ?? 'none'} (${by ?? 'default'})`] as const),
      ),
      '',
      `The settings file is ${file ?? 'in no folder: HOME is not set'}. It need not exist. A flag goes before a variable, and that before a line of the file.`,
    ],
  }
}
