import { SETTINGS } from '../../src/config/settings.ts'
import { code, page, table } from './markdown.ts'

export function settingsPage(): string {
  const rows = Object.values(SETTINGS).map(({ flag, env, default: fallback, help }) => [
    code(`--${flag}`),
    code(env),
    code(fallback),
    sentence(help),
  ])
  return page(
    'Settings',
    'How one installation runs. A flag counts before the environment, and the environment before the default. A command takes the flags that its `--help` lists; the environment counts for all.',
    '`src/config/settings.ts`',
    [table(['flag', 'environment', 'default', 'meaning'], rows)],
  )
}

function sentence(help: string): string {
  return `${help[0]?.toUpperCase()}${help.slice(1)}.`
}
