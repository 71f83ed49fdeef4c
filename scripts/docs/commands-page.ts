import { Command } from 'commander'
import { type CommandModule, commandsByGroup } from '../../src/cli/command-table.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { code, page, table } from './markdown.ts'

export async function commandsPage(): Promise<string> {
  const parts: string[] = []
  for (const [group, commands] of commandsByGroup()) {
    parts.push(`## ${group.replace(/:$/, '')}`)
    for (const { name, summary, load } of commands) parts.push(...commandParts(name, summary, await load()))
  }
  return page(
    'Commands',
    'Every command takes `--help`. stdout is the answer (with `--json` one JSON document), stderr what happens meanwhile. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 or 143 ended by a signal ([errors](errors.md)). Options that are settings are in [settings](settings.md).',
    "the commands' own definitions",
    [...parts, '## Common options', COMMON],
  )
}

const COMMON = `Every command that works on a project also takes ${['project', 'json'].map((flag) => code(`--${flag}`)).join(', ')} (the folder of \`weir.config.ts\`, by default this one or the nearest above; and one JSON document as the answer).`

function commandParts(name: string, summary: string, module: CommandModule): string[] {
  const command = new Command(name)
  let after = ''
  // Commander keeps what is added to the help as a listener; here it is heard instead.
  command.addHelpText = ((_at: string, text: string) => {
    after += text
    return command
  }) as typeof command.addHelpText
  module.define(command)
  const takes = command.registeredArguments.map((argument) => [argument.name(), argument.description])
  const settings = Object.values(SETTINGS).map(({ flag }) => `--${flag}`)
  const help = command.createHelp()
  const shown = command.options.filter(({ long, hidden }) => !hidden && long !== '--project' && long !== '--json')
  const own = shown.filter(({ long }) => !settings.includes(long ?? ''))
  const set = shown.filter(({ long }) => settings.includes(long ?? ''))
  const rows = [
    ...takes.map(([arg, text]) => [code(arg ?? ''), text ?? '']),
    ...own.map((o) => [code(o.flags), help.optionDescription(o)]),
  ]
  const example = /\$ (.*)/.exec(after)?.[1]
  return [
    `### weir ${name}`,
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    code(`weir ${name} ${command.usage()}`.trim()),
    ...(rows.length > 0 ? [table(['argument or option', 'meaning'], rows)] : []),
    ...(set.length > 0 ? [`Settings: ${set.map(({ long }) => code(long ?? '')).join(', ')}.`] : []),
    ...(example ? [`\`\`\`sh\n${example}\n\`\`\``] : []),
  ]
}
