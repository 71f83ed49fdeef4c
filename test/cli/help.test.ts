import { Command } from 'commander'
import { expect, test } from 'vitest'
import { commandsByGroup } from '../../src/cli/command-table.ts'

const entries = commandsByGroup().flatMap(([, group]) => group)

test.each(entries)(
  'deliveries messages: weir $name --help says each default once, as a person writes it',
  async (entry) => {
    const command = new Command(entry.name)
    const module = await entry.load()
    module.define(command)
    const help = command.createHelp()
    const lines = command.options.map((option) => help.optionDescription(option))
    expect(lines.filter((line) => (line.match(/\(default/g) ?? []).length > 1)).toEqual([])
    expect(lines.filter((line) => /default: \d{5,}/.test(line))).toEqual([])
  },
)
