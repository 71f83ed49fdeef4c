/**
 * The command line. One file a command in commands/, loaded only when it is asked for, so that help and light commands
 * start fast. stdout holds the answer (with --json one document), stderr progress and logs. Exit codes: 0; 1 it failed;
 * 2 wrong usage.
 */
import { hostname } from 'node:os'
import { Command, CommanderError } from 'commander'
import { messageOf } from '../base/errors.ts'
import { weirVersion } from '../base/version.ts'
import { worldError } from '../base/world.ts'
import { localUser, withActor } from '../identity/principal.ts'
import { type CommandName, commandsByGroup } from './command-table.ts'
import { Interrupted } from './interrupt.ts'
import { quietBrokenPipe, writeStdout } from './output.ts'

const LINGER_MS_MAX = 1_000

export async function main(argv: string[]): Promise<number> {
  quietBrokenPipe()
  const args = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
  const program = await programFor(args)
  try {
    await withActor(localUser(`weir ${args[0] ?? ''} on ${hostname()}`), () =>
      program.parseAsync(args, { from: 'user' }),
    )
    return ending(Number(process.exitCode ?? 0))
  } catch (error) {
    return ending(report(error, args))
  }
}

/** All commands by name and summary; only the one that is asked for with its options. */
async function programFor(args: string[]): Promise<Command> {
  const asked = args.find((arg) => !arg.startsWith('-'))
  const program = new Command('weir')
    .description('The machine-learning platform for tabular data that a product team can run by itself.')
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError('(add --help for the options and an example)')
  program.version(await weirVersion(), '--version', 'print the version')
  for (const [group, commands] of commandsByGroup()) {
    program.commandsGroup(group)
    for (const { name, summary, load } of commands) {
      const command = program.command(name).summary(summary).description(summary).allowExcessArguments(false)
      if (name === asked) (await load()).define(command)
    }
  }
  program.addHelpText('after', '\nExample:\n  $ npx weir demo')
  return program
}

/** Whatever still waits for another process (a database that is silent) must not hold the end of this one. */
function ending(exitCode: number): number {
  setTimeout(() => process.exit(exitCode), LINGER_MS_MAX).unref()
  return exitCode
}

function report(error: unknown, args: string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const json = args.includes('--json')
  const name = args.find((arg) => !arg.startsWith('-')) as CommandName | undefined
  if (error instanceof Interrupted) {
    if (json) writeStdout(JSON.stringify({ error: { code: 'interrupted', message: error.message } }, null, 2))
    else process.stderr.write(`weir ${name}: ${error.message}\n`)
    return error.exitCode
  }
  const told = worldError(error)
  if (told) {
    const { code, message, details } = told
    if (json) writeStdout(JSON.stringify({ error: { code, message, ...details } }, null, 2))
    else process.stderr.write(`weir ${name}: ${message}\n`)
    return 1
  }
  if (json) writeStdout(JSON.stringify({ error: { code: 'internal', message: messageOf(error) } }, null, 2))
  const where = error instanceof Error ? error.stack : String(error)
  process.stderr.write(`weir ${name}: this is a fault of Weir itself, please report it:\n${where}\n`)
  return 1
}
